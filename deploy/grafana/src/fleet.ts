/** Is the fleet at work, and does anything hold it up? */
import type { BoardSpec } from './board.ts';
import { graph, stacked, stat } from './panels.ts';
import { of, quantile, rate } from './series.ts';

/** Names the process of a series of which only its own service knows the name. */
const withService = (vector: string): string =>
  `${vector} * on (job, instance) group_left (service) max by (job, instance, service) (${of('lakehaul_build_info')})`;

const chunks = (matchers?: string): string => `sum(max by (stage) (${of('lakehaul_chunks', matchers)}))`;

export const FLEET: BoardSpec = {
  uid: 'lakehaul-fleet',
  title: 'Fleet',
  description: 'Progress of the haul, its steps, queues and processes.',
  rows: [
    {
      title: 'Progress',
      panels: [
        stat({
          title: 'Chunks done',
          description:
            'Share of all planned chunks that are verified or counted. Chunks accepted as they are do not count.',
          unit: 'percentunit',
          width: 4,
          goodFrom: 1,
          queries: [{ expr: `${chunks('stage=~"verified|counted"')} / ${chunks()}`, legend: 'done' }],
        }),
        stat({
          title: 'Chunks open',
          description:
            'Chunks that some step still has to do. An empty queue with open chunks is lost work; an alert rings then.',
          unit: 'short',
          width: 4,
          queries: [{ expr: chunks('stage=~"planned|opened|unloaded|loaded|void|mismatched"'), legend: 'open' }],
        }),
        stat({
          title: 'Chunks held',
          description: 'Open chunks whose next step a pause or a limit of 0 holds.',
          unit: 'short',
          width: 4,
          queries: [{ expr: `max(${of('lakehaul_chunks_held')})`, legend: 'held' }],
        }),
        stat({
          title: 'Pauses',
          description: 'Pauses that people have set and not lifted: lakehaul status says who and why.',
          unit: 'short',
          width: 4,
          badFrom: 1,
          queries: [{ expr: `max(${of('lakehaul_pauses')})`, legend: 'pauses' }],
        }),
        stat({
          title: 'Tables stopped',
          description: 'Tables that stand until a person resumes them: follow stopped-table.md.',
          unit: 'short',
          width: 4,
          badFrom: 1,
          queries: [{ expr: `sum(max by (code) (${of('lakehaul_tables_stopped')}))`, legend: 'stopped' }],
        }),
        stat({
          title: 'Staged, not cleaned',
          description: 'Bytes in the staging bucket that verification has not released yet.',
          unit: 'bytes',
          width: 4,
          queries: [{ expr: `max(${of('lakehaul_staged_bytes')})`, legend: 'staged' }],
        }),
      ],
    },
    {
      title: 'Steps',
      panels: [
        graph({
          title: 'Bytes moved',
          description:
            'Staged bytes that each step has finished. 5 PB in 28 days are 2.07 GB/s; verify lagging behind load fills the stage.',
          unit: 'binBps',
          width: 12,
          queries: [{ expr: `sum by (step) (${rate('lakehaul_moved_bytes_total')})`, legend: '{{step}}' }],
        }),
        graph({
          title: 'Rows moved',
          description: 'Rows that each step has finished.',
          unit: 'rowsps',
          width: 12,
          queries: [{ expr: `sum by (step) (${rate('lakehaul_moved_rows_total')})`, legend: '{{step}}' }],
        }),
        graph({
          title: 'Time of a step',
          description: 'How long a job holds its slot when it ends well: median and 95th percentile.',
          unit: 's',
          width: 8,
          queries: [
            { expr: quantile(0.5, 'lakehaul_step_duration_seconds', 'step', 'outcome="done"'), legend: '{{step}} p50' },
            {
              expr: quantile(0.95, 'lakehaul_step_duration_seconds', 'step', 'outcome="done"'),
              legend: '{{step}} p95',
            },
          ],
        }),
        stacked({
          title: 'Ends of steps',
          description: 'Jobs that ended, by how: done, failed, or handed over at a shutdown.',
          unit: 'ops',
          width: 8,
          queries: [
            {
              expr: `sum by (step, outcome) (${rate('lakehaul_step_duration_seconds_count')})`,
              legend: '{{step}} {{outcome}}',
            },
          ],
        }),
        stacked({
          title: 'Failures by code',
          description: 'Failed steps, backpressure left out. The errors page says for each code what to do.',
          unit: 'ops',
          width: 8,
          queries: [
            { expr: `sum by (step, code) (${rate('lakehaul_step_failures_total')})`, legend: '{{step}} {{code}}' },
          ],
        }),
      ],
    },
    {
      title: 'Slots and queues',
      panels: [
        graph({
          title: 'Slots',
          description:
            'Slots offered and slots that hold a running statement. Busy far below offered with jobs waiting means that something else is short.',
          unit: 'short',
          width: 8,
          queries: [
            { expr: `sum by (step) (${of('lakehaul_slots')})`, legend: '{{step}} offered' },
            { expr: `sum by (step) (${of('lakehaul_slots_busy')})`, legend: '{{step}} busy' },
          ],
        }),
        graph({
          title: 'Jobs in the queues',
          description:
            'By step and state. The feeder lets in a window only: a short queue does not mean that little is left.',
          unit: 'short',
          width: 8,
          queries: [{ expr: `max by (step, state) (${of('lakehaul_queue_jobs')})`, legend: '{{step}} {{state}}' }],
        }),
        graph({
          title: 'Oldest running job',
          description:
            'How long the oldest job of each step has held its slot. It grows without end when a statement hangs.',
          unit: 's',
          width: 8,
          queries: [{ expr: `max by (step) (${of('lakehaul_oldest_job_age_seconds')})`, legend: '{{step}}' }],
        }),
        graph({
          title: 'Jobs let in',
          description: 'Jobs that were added to a queue; those that were there already count too.',
          unit: 'ops',
          width: 8,
          queries: [{ expr: `sum by (step) (${rate('lakehaul_queue_jobs_added_total')})`, legend: '{{step}}' }],
        }),
        graph({
          title: 'Jobs that moved to another process',
          description:
            'Handed over at a shutdown, taken over from a dead or frozen worker, or given up because the lock was lost. Nothing is run twice.',
          unit: 'ops',
          width: 8,
          queries: [
            { expr: `sum by (step) (${rate('lakehaul_handovers_total')})`, legend: '{{step}} handed over' },
            { expr: `sum by (step) (${rate('lakehaul_stalls_total')})`, legend: '{{step}} taken over' },
            { expr: `sum by (step) (${rate('lakehaul_lock_losses_total')})`, legend: '{{step}} lock lost' },
          ],
        }),
        graph({
          title: 'Errors of the queue store',
          description: 'Broken connections. Losing the store loses no work: the queues are rebuilt from the ledger.',
          unit: 'ops',
          width: 8,
          queries: [{ expr: `sum by (step) (${rate('lakehaul_queue_errors_total')})`, legend: '{{step}}' }],
        }),
      ],
    },
    {
      title: 'Processes',
      panels: [
        graph({
          title: 'Processes that answer',
          description:
            'Scraped processes by service and version. A missing planner makes every number of the whole fleet missing.',
          unit: 'short',
          width: 6,
          queries: [
            { expr: `count by (service, version) (${of('lakehaul_build_info')})`, legend: '{{service}} {{version}}' },
          ],
        }),
        graph({
          title: 'Age of loops',
          description: 'Time since each loop made progress. The liveness probe judges the same number.',
          unit: 's',
          width: 6,
          queries: [
            {
              expr: withService(of('lakehaul_loop_age_seconds')),
              legend: '{{service}} {{loop}} {{instance}}',
            },
          ],
        }),
        graph({
          title: 'Memory',
          description: 'Resident memory of each process.',
          unit: 'bytes',
          width: 6,
          queries: [
            {
              expr: withService(of('lakehaul_process_resident_memory_bytes')),
              legend: '{{service}} {{instance}}',
            },
          ],
        }),
        graph({
          title: 'CPU',
          description: 'Cores that each process uses, user and system. Near 1: its event loop has no time left.',
          unit: 'short',
          width: 6,
          queries: [
            { expr: withService(rate('lakehaul_process_cpu_seconds_total')), legend: '{{service}} {{instance}}' },
          ],
        }),
        graph({
          title: 'Notices',
          description:
            'Notices by what became of them at their receivers within an hour. Failed tries are repeated; given-up is after a day.',
          unit: 'short',
          width: 24,
          queries: [
            { expr: `sum by (outcome) (increase(${of('lakehaul_notices_total')}[1h]))`, legend: '{{outcome}}' },
          ],
        }),
      ],
    },
  ],
};
