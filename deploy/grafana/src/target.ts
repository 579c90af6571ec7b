/** Does the warehouse take what we bring? */
import type { BoardSpec } from './board.ts';
import { cloudCalls } from './cloud-calls.ts';
import { graph, stat } from './panels.ts';
import { of, quantile, rate } from './series.ts';

const ON_TARGET = 'step=~"load|verify"';

export const TARGET: BoardSpec = {
  uid: 'lakehaul-target',
  title: 'Target',
  description: 'What we ask of Databricks, and how it answers.',
  rows: [
    {
      title: 'Our load on the target',
      panels: [
        stat({
          title: 'Loads running',
          description: 'Busy slots of the load step; each one is a statement on the warehouse.',
          unit: 'short',
          width: 6,
          queries: [{ expr: `sum(${of('lakehaul_slots_busy', 'step="load"')})`, legend: 'running' }],
        }),
        stat({
          title: 'Verifications running',
          description: 'Busy slots of the verify step.',
          unit: 'short',
          width: 6,
          queries: [{ expr: `sum(${of('lakehaul_slots_busy', 'step="verify"')})`, legend: 'running' }],
        }),
        stat({
          title: 'Oldest statement',
          description: 'How long the oldest running load or verification has held its slot.',
          unit: 'dtdurations',
          width: 6,
          queries: [{ expr: `max(${of('lakehaul_oldest_job_age_seconds', ON_TARGET)})`, legend: 'oldest' }],
        }),
        stat({
          title: 'Staged, not cleaned',
          description: 'Grows while loads or verifications fall behind the UNLOADs.',
          unit: 'bytes',
          width: 6,
          queries: [{ expr: `max(${of('lakehaul_staged_bytes')})`, legend: 'staged' }],
        }),
        graph({
          title: 'Rows loaded and verified',
          description: 'Rows of finished loads and of finished proofs.',
          unit: 'rowsps',
          width: 12,
          queries: [{ expr: `sum by (step) (${rate('lakehaul_moved_rows_total', ON_TARGET)})`, legend: '{{step}}' }],
        }),
        graph({
          title: 'Time of a load and of a proof',
          description: 'Median and 95th percentile; the queue of the warehouse is in it.',
          unit: 's',
          width: 12,
          queries: [
            {
              expr: quantile(0.5, 'lakehaul_step_duration_seconds', 'step', `${ON_TARGET},outcome="done"`),
              legend: '{{step}} p50',
            },
            {
              expr: quantile(0.95, 'lakehaul_step_duration_seconds', 'step', `${ON_TARGET},outcome="done"`),
              legend: '{{step}} p95',
            },
          ],
        }),
      ],
    },
    { title: 'Databricks', panels: cloudCalls('databricks', 'Databricks') },
  ],
};
