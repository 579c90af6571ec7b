/** The section `forecast` of lakehaul.yaml. */
import { z } from 'zod';
import { form } from './fields.ts';

export const forecast = z
  .strictObject({
    plannedDate: form(
      /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?$/,
      'a date or a time in UTC: 2026-12-24, 2026-12-24T18:00:00Z',
    )
      .refine((value) => !Number.isNaN(Date.parse(value)), { error: 'is a date that no calendar has' })
      .exactOptional()
      .describe(
        'When everything is to be proven; an alert rings when the forecast ends later. A date means its start.',
      ),
  })
  .describe('When it will be done, from what was really moved.');
