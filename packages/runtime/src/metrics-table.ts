/**
 * Every metric that we export. Alerts, dashboards and autoscaling name nothing that is not in this table (a test reads
 * them against it). Labels are bounded: step, stage, state, error code and outside point come from our own code;
 * chunk and statement id are never labels (2,000 tables x 3 steps x 12 buckets render for 0.2 s a scrape). `table` is one
 * of the five lakehaul_table_ gauges alone, exported by control for at most control.metricTables tables: 2,000 of them
 * are 10,000 series.
 */
export interface MetricEntry {
  kind: 'counter' | 'gauge' | 'histogram';
  help: string;
  unit: 'count' | 'rows' | 'bytes' | 'bytes-per-second' | 'seconds' | 'slots' | 'micros' | 'info';
  labels: readonly string[];
  buckets?: readonly number[];
}

/** Chunks take seconds in a demo and an hour on a tired warehouse. */
const STEP_BUCKETS = [1, 2, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200] as const;
const CALL_BUCKETS = [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600, 3600] as const;

export const METRICS = {
  lakehaul_build_info: {
    kind: 'gauge',
    unit: 'info',
    help: 'Constant 1; the labels say what runs.',
    labels: ['service', 'version', 'node'],
  },
  lakehaul_chunks: {
    kind: 'gauge',
    unit: 'count',
    help: 'Chunks by stage of the journey, from the ledger. Exported by the planner only.',
    labels: ['stage'],
  },
  lakehaul_chunks_held: {
    kind: 'gauge',
    unit: 'count',
    help: 'Open chunks whose next step a pause, a limit of 0 or their size (CHUNKS_TOO_LARGE) holds. Exported by the planner only.',
    labels: [],
  },
  lakehaul_ledger_seals: {
    kind: 'gauge',
    unit: 'count',
    help: 'Number of the newest ledger seal.',
    labels: [],
  },
  lakehaul_ledger_sealed_objects: {
    kind: 'gauge',
    unit: 'count',
    help: 'Objects of the ledger that a seal covers.',
    labels: [],
  },
  lakehaul_ledger_unaccounted_objects: {
    kind: 'gauge',
    unit: 'count',
    help: 'Sealed objects that are gone, or old ones that no seal knows; anything but 0 is for lakehaul audit.',
    labels: [],
  },
  lakehaul_tables_stopped: {
    kind: 'gauge',
    unit: 'count',
    help: 'Tables that are stopped until a person resumes them. Exported by the planner only.',
    labels: ['code'],
  },
  lakehaul_pauses: {
    kind: 'gauge',
    unit: 'count',
    help: 'Pauses that people have set and not lifted. Exported by the planner only.',
    labels: [],
  },
  lakehaul_throttle_slots: {
    kind: 'gauge',
    unit: 'slots',
    help: 'Jobs of the step that may run at once over the whole fleet, as the throttle decided last. Exported by the planner only.',
    labels: ['step'],
  },
  lakehaul_throttle_check_value: {
    kind: 'gauge',
    unit: 'count',
    help: 'Last reading of a check of the throttle, in its own unit (milliseconds, count, percent, or 1 for a flag that is up); not exported while it cannot be read. Exported by the planner only.',
    labels: ['check'],
  },
  lakehaul_throttle_check_limit: {
    kind: 'gauge',
    unit: 'count',
    help: 'From this reading on the check is a hit. Exported by the planner only.',
    labels: ['check'],
  },
  lakehaul_throttle_hit: {
    kind: 'gauge',
    unit: 'count',
    help: 'Verdict of a check: 0 ok, 1 halve, 2 stop. Exported by the planner only.',
    labels: ['check'],
  },
  lakehaul_unload_bytes_per_second: {
    kind: 'gauge',
    unit: 'bytes-per-second',
    help: 'Planned bytes a second that the first big chunks were unloaded with, all at once together; NaN before. Exported by the planner only.',
    labels: [],
  },
  lakehaul_unload_bytes_per_second_per_slice: {
    kind: 'gauge',
    unit: 'bytes-per-second',
    help: 'The same for each slice of the cluster; NaN for serverless, and where STV_SLICES shows none. Exported by the planner only.',
    labels: [],
  },
  lakehaul_write_log_sampled_timestamp_seconds: {
    kind: 'gauge',
    unit: 'seconds',
    help: 'Unix time (of S3) of the newest sample of the write log; 0 before the first. Exported by the planner only.',
    labels: [],
  },
  lakehaul_staged_bytes: {
    kind: 'gauge',
    unit: 'bytes',
    help: 'Bytes staged and not cleaned yet, from the ledger.',
    labels: [],
  },
  lakehaul_table_bytes: {
    kind: 'gauge',
    unit: 'bytes',
    help: 'Bytes of a table as planned, by state: planned, and proven of them. Exported by control only.',
    labels: ['table', 'state'],
  },
  lakehaul_table_chunks_left: {
    kind: 'gauge',
    unit: 'count',
    help: 'Chunks of a table that are not proven yet. Exported by control only.',
    labels: ['table'],
  },
  lakehaul_table_chunks_mismatched: {
    kind: 'gauge',
    unit: 'count',
    help: 'Chunks of a table that were found to differ: being repaired, or repaired since. Exported by control only.',
    labels: ['table'],
  },
  lakehaul_table_eta_seconds: {
    kind: 'gauge',
    unit: 'seconds',
    help: 'Time until the table is proven in nine cases of ten; 0 when it is, NaN while there is no forecast. Exported by control only.',
    labels: ['table'],
  },
  lakehaul_tables_not_exported: {
    kind: 'gauge',
    unit: 'count',
    help: 'Tables beyond control.metricTables, which have no lakehaul_table_ metrics.',
    labels: [],
  },
  lakehaul_decision: {
    kind: 'gauge',
    unit: 'count',
    help: 'Whether the cutover decision is this verdict: GO, HOLD or NO_GO. Exported by control only.',
    labels: ['verdict'],
  },
  lakehaul_gate_reason: {
    kind: 'gauge',
    unit: 'count',
    help: 'Whether this reason stands against GO. Exported by control only.',
    labels: ['code'],
  },
  lakehaul_eta_seconds: {
    kind: 'gauge',
    unit: 'seconds',
    help: 'Time until everything is proven, by percentile: 50, 90; 0 when it is, NaN while there is no forecast. Exported by control only.',
    labels: ['percentile'],
  },
  lakehaul_planned_timestamp_seconds: {
    kind: 'gauge',
    unit: 'seconds',
    help: 'Unix time of forecast.plannedDate; NaN without one. Exported by control only.',
    labels: [],
  },
  lakehaul_cost_micros: {
    kind: 'gauge',
    unit: 'micros',
    help: 'Cost in millionths of the currency of the prices, by part and horizon: so-far, at-completion; NaN while not known. Exported by control only.',
    labels: ['part', 'horizon'],
  },
  lakehaul_budget_cap_micros: {
    kind: 'gauge',
    unit: 'micros',
    help: 'What may be spent in all, in millionths of the currency; NaN without a cap. Exported by control only.',
    labels: [],
  },
  lakehaul_moved_rows_total: {
    kind: 'counter',
    unit: 'rows',
    help: 'Rows unloaded, loaded or verified.',
    labels: ['step'],
  },
  lakehaul_moved_bytes_total: {
    kind: 'counter',
    unit: 'bytes',
    help: 'Staged bytes unloaded, loaded or verified.',
    labels: ['step'],
  },
  lakehaul_step_duration_seconds: {
    kind: 'histogram',
    unit: 'seconds',
    help: 'Time a job held its slot, by how it ended: done, failed or handed-over.',
    labels: ['step', 'outcome'],
    buckets: STEP_BUCKETS,
  },
  lakehaul_step_failures_total: {
    kind: 'counter',
    unit: 'count',
    help: 'Failures of a step by error code, backpressure left out.',
    labels: ['step', 'code'],
  },
  lakehaul_outside_calls_total: {
    kind: 'counter',
    unit: 'count',
    help: 'Calls that left the process, each try counted.',
    labels: ['point'],
  },
  lakehaul_outside_failures_total: {
    kind: 'counter',
    unit: 'count',
    help: 'Tries of outside calls that failed, by error code.',
    labels: ['point', 'code'],
  },
  lakehaul_outside_retries_total: {
    kind: 'counter',
    unit: 'count',
    help: 'Outside calls repeated after a failure.',
    labels: ['point'],
  },
  lakehaul_outside_duration_seconds: {
    kind: 'histogram',
    unit: 'seconds',
    help: 'Time of one try of an outside call.',
    labels: ['point'],
    buckets: CALL_BUCKETS,
  },
  lakehaul_queue_jobs: {
    kind: 'gauge',
    unit: 'count',
    help: 'Jobs in the queue by state: waiting, active, delayed. An empty queue does not mean done.',
    labels: ['step', 'state'],
  },
  lakehaul_queue_jobs_added_total: {
    kind: 'counter',
    unit: 'count',
    help: 'Jobs let into a queue; jobs already there are counted too.',
    labels: ['step'],
  },
  lakehaul_queue_errors_total: {
    kind: 'counter',
    unit: 'count',
    help: 'Errors of the connection to the queue store.',
    labels: ['step'],
  },
  lakehaul_slots: { kind: 'gauge', unit: 'slots', help: 'Slots of this process by step.', labels: ['step'] },
  lakehaul_slots_busy: {
    kind: 'gauge',
    unit: 'slots',
    help: 'Slots that hold a running step; each one is a statement at source or target.',
    labels: ['step'],
  },
  lakehaul_oldest_job_age_seconds: {
    kind: 'gauge',
    unit: 'seconds',
    help: 'How long the oldest running job of this process has held its slot, as of the last heartbeat (5 s); 0: none runs.',
    labels: ['step'],
  },
  lakehaul_handovers_total: {
    kind: 'counter',
    unit: 'count',
    help: 'Jobs handed back to the queue at shutdown.',
    labels: ['step'],
  },
  lakehaul_stalls_total: {
    kind: 'counter',
    unit: 'count',
    help: 'Jobs taken over from a worker that died or froze.',
    labels: ['step'],
  },
  lakehaul_lock_losses_total: {
    kind: 'counter',
    unit: 'count',
    help: 'Jobs whose lock could not be renewed in time; the step is aborted here and goes on elsewhere.',
    labels: ['step'],
  },
  lakehaul_loop_age_seconds: {
    kind: 'gauge',
    unit: 'seconds',
    help: 'Time since a loop of this service made progress; the liveness probe judges the same number.',
    labels: ['loop'],
  },
  lakehaul_loop_overdue_seconds: {
    kind: 'gauge',
    unit: 'seconds',
    help: 'How long a pass of a loop that ends well is overdue: passes that fail go on, and what the service tells grows old.',
    labels: ['loop'],
  },
  lakehaul_notices_total: {
    kind: 'counter',
    unit: 'count',
    help: 'Notices by what became of them at a receiver: sent, refused or given-up; failed tries are counted each.',
    labels: ['outcome'],
  },
  lakehaul_spans_dropped_total: {
    kind: 'counter',
    unit: 'count',
    help: 'Spans that no collector got: buffer-full, or not-taken by it. The haul does not wait for traces.',
    labels: ['outcome'],
  },
  lakehaul_process_resident_memory_bytes: {
    kind: 'gauge',
    unit: 'bytes',
    help: 'Resident memory of this process.',
    labels: [],
  },
  lakehaul_process_cpu_seconds_total: {
    kind: 'counter',
    unit: 'seconds',
    help: 'CPU time of this process, user and system.',
    labels: [],
  },
} as const satisfies Record<string, MetricEntry>;

export type MetricName = keyof typeof METRICS;

type NamesOfKind<K extends MetricEntry['kind']> = {
  [N in MetricName]: (typeof METRICS)[N]['kind'] extends K ? N : never;
}[MetricName];

export type CounterName = NamesOfKind<'counter'>;
export type GaugeName = NamesOfKind<'gauge'>;
export type HistogramName = NamesOfKind<'histogram'>;
export type MetricLabels<N extends MetricName> = Readonly<Record<(typeof METRICS)[N]['labels'][number], string>>;
