/** What `--json` prints: stable, 64-bit numbers as text, unknown keys are a mistake of ours. */
import { z } from 'zod';

const wholeText = z.string().regex(/^\d+$/);
const count = z.int().min(0);
const reason = z.strictObject({ code: z.string().min(1), reason: z.string().min(1), next: z.string().min(1) });
const decision = z.strictObject({ verdict: z.enum(['GO', 'HOLD', 'NO_GO']), reasons: z.array(reason) });

export const DEMO_JSON = z.strictObject({
  migration: z.string(),
  queueStore: z.enum(['redis', 'embedded-postgres']),
  unloadsStarted: count,
  tables: z.array(
    z.strictObject({
      table: z.string(),
      rows: wholeText,
      bytes: wholeText,
      chunks: count,
      verified: count,
      mismatched: count,
      quarantined: count,
      repaired: count,
      level: z.enum(['count', 'carried', 'sampled', 'full']),
    }),
  ),
  totals: z.strictObject({ rows: wholeText, bytes: wholeText, chunks: count, verified: count }),
  live: z.strictObject({ written: count, unchanged: count, found: count }),
  durationSeconds: z.number().min(0),
  evidence: z.string().min(1),
  decision,
  urls: z.record(z.string(), z.url()),
});
