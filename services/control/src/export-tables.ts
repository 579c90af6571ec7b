/** Numbers of each table, and when all will be done: exported here and nowhere else, so that adding up over pods stays right. */
import { REASON_CODES, VERDICTS } from '@lakehaul/gates';
import { COST_PARTS, type Forecast, type StatusReport } from '@lakehaul/operate';
import type { Metrics } from '@lakehaul/runtime';

export class TableMetrics {
  readonly #metrics: Pick<Metrics, 'set'>;
  readonly #mostTables: number;
  /** Who was exported once stays: a gauge that is not set again would keep its last value for ever. */
  readonly #exported = new Set<string>();

  constructor(metrics: Pick<Metrics, 'set'>, mostTables: number) {
    this.#metrics = metrics;
    this.#mostTables = mostTables;
  }

  export(report: Pick<StatusReport, 'tables' | 'eta' | 'cost' | 'decision'>): void {
    const metrics = this.#metrics;
    let beyond = 0;
    for (const each of report.tables) {
      const { table, estimatedBytes, chunks, done } = each;
      if (!this.#exported.has(table) && this.#exported.size >= this.#mostTables) {
        beyond++;
        continue;
      }
      this.#exported.add(table);
      const proven = chunks === 0 ? 0n : (estimatedBytes * BigInt(done)) / BigInt(chunks);
      metrics.set('lakehaul_table_bytes', { table, state: 'planned' }, estimatedBytes);
      metrics.set('lakehaul_table_bytes', { table, state: 'proven' }, proven);
      metrics.set('lakehaul_table_chunks_left', { table }, chunks - done);
      metrics.set('lakehaul_table_chunks_mismatched', { table }, each.stages.mismatched + each.repaired);
      metrics.set('lakehaul_table_eta_seconds', { table }, secondsTo(each.eta, each.eta.p90Ms));
    }
    metrics.set('lakehaul_tables_not_exported', {}, beyond);
    const { eta } = report;
    exportCost(metrics, report.cost);
    exportDecision(metrics, report.decision);
    // Not `quantile`: promtool keeps that name for summaries.
    metrics.set('lakehaul_eta_seconds', { percentile: '50' }, secondsTo(eta, eta.p50Ms));
    metrics.set('lakehaul_eta_seconds', { percentile: '90' }, secondsTo(eta, eta.p90Ms));
    metrics.set('lakehaul_planned_timestamp_seconds', {}, eta.plannedMs === null ? Number.NaN : eta.plannedMs / 1000);
  }
}

function exportCost(metrics: Pick<Metrics, 'set'>, { cost, capMicros }: StatusReport['cost']): void {
  for (const part of COST_PARTS) {
    metrics.set('lakehaul_cost_micros', { part, horizon: 'so-far' }, cost.soFar[part] ?? Number.NaN);
    metrics.set('lakehaul_cost_micros', { part, horizon: 'at-completion' }, cost.atCompletion[part] ?? Number.NaN);
  }
  metrics.set('lakehaul_budget_cap_micros', {}, capMicros ?? Number.NaN);
}

/** Every verdict and every reason has its series from the start: one that no longer stands falls to 0. */
function exportDecision(metrics: Pick<Metrics, 'set'>, { verdict, reasons }: StatusReport['decision']): void {
  for (const each of VERDICTS) metrics.set('lakehaul_decision', { verdict: each }, each === verdict ? 1 : 0);
  const standing = new Set(reasons.map(({ code }) => code));
  for (const code of REASON_CODES) metrics.set('lakehaul_gate_reason', { code }, standing.has(code) ? 1 : 0);
}

/** NaN compares with nothing: no alert rings by a forecast that is not there. */
function secondsTo({ state, nowMs }: Forecast, ms: number | null): number {
  if (state === 'done') return 0;
  return ms === null ? Number.NaN : (ms - nowMs) / 1000;
}
