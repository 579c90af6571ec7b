/** What the throttle read and decided, from its records: at most one look in two seconds, whoever asks. */
import { THROTTLE_JSON, type ThrottleReport, throttleReport } from '@lakehaul/operate';
import { z } from 'zod';
import type { ControlDeps } from '../deps.ts';
import { type Route, route } from '../route.ts';

const MOST_HISTORY = 240;

export function throttleRoutes({ ledger, throttle, clock, config }: ControlDeps): Route[] {
  let read: { atMs: number; report: Promise<ThrottleReport> } | null = null;
  const report = (): Promise<ThrottleReport> => {
    const nowMs = clock.nowMs();
    if (read !== null && nowMs - read.atMs < config.refreshEveryMs) return read.report;
    const next = throttleReport(ledger, throttle, { nowMs, history: MOST_HISTORY });
    read = { atMs: nowMs, report: next };
    // What failed is asked for anew by the next one.
    next.catch(() => {
      read = null;
    });
    return next;
  };
  return [
    route({
      ...{ method: 'GET', url: '/v1/throttle', permission: 'read', tag: 'throttle' },
      summary: 'UNLOADs that may run at once and why: checks, settings in force, and the last readings.',
      description: 'Settings are changed by PATCH /v1/settings.',
      query: z.strictObject({
        history: z.coerce.number().int().min(0).max(MOST_HISTORY).default(60).describe('Records, newest kept.'),
      }),
      answer: THROTTLE_JSON,
      handle: async ({ query }) => {
        const full = await report();
        return { ...full, history: query.history === 0 ? [] : full.history.slice(-query.history) };
      },
    }),
  ];
}
