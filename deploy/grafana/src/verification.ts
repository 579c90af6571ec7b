/** What is proven, what differs, and is the record whole? */
import type { BoardSpec } from './board.ts';
import { graph, type PanelSpec, stacked, stat } from './panels.ts';
import { of, quantile, rate } from './series.ts';
import { writeLogAge } from './shared-panels.ts';

function stageStat(stage: string, description: string, colour: { badFrom?: number } = {}): PanelSpec {
  return stat({
    title: `Chunks ${stage}`,
    description,
    unit: 'short',
    width: 4,
    ...colour,
    queries: [{ expr: `max(${of('lakehaul_chunks', `stage="${stage}"`)})`, legend: stage }],
  });
}

export const VERIFICATION: BoardSpec = {
  uid: 'lakehaul-verification',
  title: 'Verification',
  description: 'What is proven and at which stage the rest stands; seals of the ledger.',
  rows: [
    {
      title: 'Verdicts',
      panels: [
        stageStat('verified', 'Counts and hashes agree at a pinned version of the target.'),
        stageStat('counted', 'Counts agree (level count); never called verified.'),
        stageStat(
          'mismatched',
          'The target differs; the next attempt replaces the chunk. lakehaul diff names the rows.',
          {
            badFrom: 1,
          },
        ),
        stageStat('quarantined', 'Wait for a person: replay or accept them.', { badFrom: 1 }),
        stageStat('accepted', 'Taken as they are by people; they count neither as verified nor as done.'),
        stageStat('void', 'The attempt is over and nothing of it can still commit; the next one begins.'),
        stacked({
          title: 'Chunks by stage',
          description: 'Where all chunks stand. Verified shrinks when late rows or a later proof reopen chunks.',
          unit: 'short',
          width: 12,
          queries: [{ expr: `max by (stage) (${of('lakehaul_chunks')})`, legend: '{{stage}}' }],
        }),
        graph({
          title: 'Proofs that failed',
          description:
            'By code, within an hour. HASH_MISMATCH and COUNT_MISMATCH: a loaded chunk is not equal to its source.',
          unit: 'short',
          width: 12,
          queries: [
            {
              expr: `sum by (code) (increase(${of('lakehaul_step_failures_total', 'step="verify"')}[1h]))`,
              legend: '{{code}}',
            },
          ],
        }),
        graph({
          title: 'Rows proven',
          description: 'Rows of finished proofs.',
          unit: 'rowsps',
          width: 12,
          queries: [
            { expr: `sum by (step) (${rate('lakehaul_moved_rows_total', 'step="verify"')})`, legend: '{{step}}' },
          ],
        }),
        graph({
          title: 'Time of a proof',
          description: 'Median and 95th percentile of finished proofs.',
          unit: 's',
          width: 12,
          queries: [
            {
              expr: quantile(0.5, 'lakehaul_step_duration_seconds', 'step', 'step="verify",outcome="done"'),
              legend: 'p50',
            },
            {
              expr: quantile(0.95, 'lakehaul_step_duration_seconds', 'step', 'step="verify",outcome="done"'),
              legend: 'p95',
            },
          ],
        }),
      ],
    },
    {
      title: 'Evidence',
      panels: [
        stat({
          title: 'Ledger seals',
          description: 'Number of the newest seal of the ledger.',
          unit: 'short',
          width: 6,
          queries: [{ expr: `max(${of('lakehaul_ledger_seals')})`, legend: 'seals' }],
        }),
        stat({
          title: 'Objects sealed',
          description: 'Objects of the ledger that a seal covers.',
          unit: 'short',
          width: 6,
          queries: [{ expr: `max(${of('lakehaul_ledger_sealed_objects')})`, legend: 'objects' }],
        }),
        stat({
          title: 'Objects unaccounted for',
          description:
            'Sealed objects that are gone, or old ones that no seal knows. Anything but 0 is for lakehaul audit.',
          unit: 'short',
          width: 6,
          badFrom: 1,
          queries: [{ expr: `max(${of('lakehaul_ledger_unaccounted_objects')})`, legend: 'unaccounted' }],
        }),
        writeLogAge(),
        graph({
          title: 'Tables stopped by code',
          description: 'Tables that stand until a person resumes them, by reason. stopped-table.md says what to do.',
          unit: 'short',
          width: 24,
          queries: [{ expr: `max by (code) (${of('lakehaul_tables_stopped')}) > 0`, legend: '{{code}}' }],
        }),
      ],
    },
  ],
};
