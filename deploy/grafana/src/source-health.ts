/** Does production at the source suffer from us, and does the way out of it hold? */
import type { BoardSpec } from './board.ts';
import { cloudCalls } from './cloud-calls.ts';
import { graph, stat } from './panels.ts';
import { of, quantile, rate } from './series.ts';
import { writeLogAge } from './shared-panels.ts';

export const SOURCE_HEALTH: BoardSpec = {
  uid: 'lakehaul-source-health',
  title: 'Source health',
  description: 'What we ask of Redshift and of the staging bucket, and how they answer.',
  rows: [
    {
      title: 'Our load on the source',
      panels: [
        stat({
          title: 'UNLOADs running',
          description: 'Busy slots of the unload step; each one is a statement at the source.',
          unit: 'short',
          width: 6,
          queries: [{ expr: `sum(${of('lakehaul_slots_busy', 'step="unload"')})`, legend: 'running' }],
        }),
        stat({
          title: 'UNLOADs allowed',
          description: 'Slots that workers offer to the unload step.',
          unit: 'short',
          width: 6,
          queries: [{ expr: `sum(${of('lakehaul_slots', 'step="unload"')})`, legend: 'allowed' }],
        }),
        stat({
          title: 'Oldest UNLOAD',
          description: 'How long the oldest running one has held its slot.',
          unit: 'dtdurations',
          width: 6,
          queries: [{ expr: `max(${of('lakehaul_oldest_job_age_seconds', 'step="unload"')})`, legend: 'oldest' }],
        }),
        writeLogAge(),
        graph({
          title: 'Bytes unloaded',
          description: 'Staged bytes of finished UNLOADs.',
          unit: 'binBps',
          width: 12,
          queries: [
            { expr: `sum by (step) (${rate('lakehaul_moved_bytes_total', 'step="unload"')})`, legend: '{{step}}' },
          ],
        }),
        graph({
          title: 'Time of an UNLOAD',
          description:
            'Median and 95th percentile. It grows when the source has less to give: lower the limit of the step.',
          unit: 's',
          width: 12,
          queries: [
            {
              expr: quantile(0.5, 'lakehaul_step_duration_seconds', 'step', 'step="unload",outcome="done"'),
              legend: 'p50',
            },
            {
              expr: quantile(0.95, 'lakehaul_step_duration_seconds', 'step', 'step="unload",outcome="done"'),
              legend: 'p95',
            },
          ],
        }),
      ],
    },
    {
      title: 'Throttle',
      panels: [
        graph({
          title: 'UNLOADs that the throttle allows',
          description:
            'Over the whole fleet, and how many run. It falls by half when the source hurts, rises by one, and is 0 while a check stops.',
          unit: 'short',
          width: 8,
          queries: [
            { expr: `max by (step) (${of('lakehaul_throttle_slots')})`, legend: '{{step}} allowed' },
            { expr: `sum by (step) (${of('lakehaul_slots_busy', 'step="unload"')})`, legend: 'running' },
          ],
        }),
        graph({
          title: 'How near each check is to its limit',
          description:
            'Last reading over its limit: from 100 % on the check is a hit. Readings that cannot be had are missing here.',
          unit: 'percentunit',
          width: 8,
          queries: [
            {
              expr: `max by (check) (${of('lakehaul_throttle_check_value')}) / max by (check) (${of('lakehaul_throttle_check_limit')})`,
              legend: '{{check}}',
            },
          ],
        }),
        graph({
          title: 'Checks that hit',
          description:
            '1: halves the UNLOADs. 2: stops them. The first one on the list of checks is the reason that lakehaul throttle shows.',
          unit: 'short',
          width: 8,
          queries: [{ expr: `max by (check) (${of('lakehaul_throttle_hit')}) > 0`, legend: '{{check}}' }],
        }),
      ],
    },
    { title: 'Redshift', panels: cloudCalls('redshift', 'Redshift') },
    { title: 'Staging bucket and ledger', panels: cloudCalls('s3', 'S3') },
  ],
};
