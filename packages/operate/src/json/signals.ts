/** `signal`: business processes that somebody declared failing, or well again. */
import type { LedgerRecord, ProcessSignal } from '@lakehaul/ledger';
import { z } from 'zod';
import { said, utcTime } from './common.ts';

const signal = z.strictObject({
  process: said,
  status: z.enum(['failing', 'ok']),
  at: utcTime.describe('since then'),
  who: said,
  reason: said,
});

export const SIGNALS_JSON = z.strictObject({ signals: z.array(signal).describe('failing ones first') });
export const SIGNAL_JSON = z.strictObject({
  isDryRun: z.boolean(),
  isChanged: z.boolean().describe('false: it was declared so already'),
  process: said,
  status: signal.shape.status,
});

export function signalsJson(newest: readonly LedgerRecord<ProcessSignal>[]): z.input<typeof SIGNALS_JSON> {
  const signals = newest.map(({ body, lastModifiedMs }) => ({
    ...{ process: body.process, status: body.status, at: new Date(lastModifiedMs).toISOString() },
    ...{ who: body.who, reason: body.reason },
  }));
  const rank = (each: (typeof signals)[number]) => `${each.status === 'failing' ? 0 : 1} ${each.process}`;
  return { signals: signals.sort((a, b) => (rank(a) < rank(b) ? -1 : 1)) };
}
