/** Panels that answer a question on more than one dashboard. */
import { type PanelSpec, stat } from './panels.ts';
import { of } from './series.ts';

/** From where on the alert LakehaulWriteLogStale rings. */
const STALE_SECONDS = 7200;

/** Whether we still read the source's history, and so what evidence rests on. */
export const writeLogAge = (): PanelSpec =>
  stat({
    title: 'Age of the write log',
    description:
      'Since the newest sample of what was written at the source. Evidence gets no newer without it; an alert rings at two hours.',
    unit: 'dtdurations',
    width: 6,
    badFrom: STALE_SECONDS,
    queries: [{ expr: `time() - (max(${of('lakehaul_write_log_sampled_timestamp_seconds')}) > 0)`, legend: 'age' }],
  });

/** What is left until the date that was planned. */
export const plannedDate = (): PanelSpec =>
  stat({
    title: 'Planned date',
    description:
      'How long it is until forecast.plannedDate, and what is left of that after the forecast of nine cases in ten: below zero it will be late.',
    unit: 'dtdurations',
    width: 6,
    queries: [
      { expr: `(max(${of('lakehaul_planned_timestamp_seconds')}) > 0) - time()`, legend: 'until it' },
      {
        expr: `(max(${of('lakehaul_planned_timestamp_seconds')}) > 0) - time() - max(${of('lakehaul_eta_seconds', 'percentile="90"')})`,
        legend: 'to spare',
      },
    ],
  });
