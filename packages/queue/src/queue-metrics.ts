import type { Step } from '@lakehaul/core';

interface OfStep extends Readonly<Record<string, string>> {
  readonly step: Step;
}

/** What the queue reports; runtime's metrics have it (the names are in its table). */
export interface QueueMetrics {
  count(
    name:
      | 'lakehaul_queue_jobs_added_total'
      | 'lakehaul_queue_errors_total'
      | 'lakehaul_handovers_total'
      | 'lakehaul_stalls_total'
      | 'lakehaul_lock_losses_total'
      | 'lakehaul_moved_rows_total'
      | 'lakehaul_moved_bytes_total',
    labels: OfStep,
    by?: number | bigint,
  ): void;
  count(name: 'lakehaul_step_failures_total', labels: OfStep & { readonly code: string }): void;
  set(
    name: 'lakehaul_slots' | 'lakehaul_slots_busy' | 'lakehaul_oldest_job_age_seconds',
    labels: OfStep,
    value: number,
  ): void;
  set(name: 'lakehaul_queue_jobs', labels: OfStep & { readonly state: string }, value: number): void;
  observe(name: 'lakehaul_step_duration_seconds', labels: OfStep & { readonly outcome: string }, value: number): void;
}
