import { REASON_CODES } from '@lakehaul/gates';
import { createMetrics } from '@lakehaul/runtime';
import { expect, it } from 'vitest';
import { ApiWorld } from '../../../test/support/api-world.ts';
import { TableMetrics } from './export-tables.ts';

it('each table has its few series, none beyond the bound, and no forecast is NaN', async () => {
  const api = new ApiWorld();
  await api.seed();
  const { model } = await api.process();
  await model.refreshOnce();
  const { report } = model.snapshot;
  const textOf = (most: number, change: Partial<typeof report> = {}) => {
    const metrics = createMetrics();
    new TableMetrics(metrics, most).export({ ...report, ...change });
    return metrics.text();
  };
  const all = await textOf(10);
  expect(all).toMatch(/lakehaul_table_chunks_left\{table="[a-z.]+"\} 12/);
  expect(all.match(/^lakehaul_table_.*table="/gm)).toHaveLength(2 * 5);
  expect(all).toContain('lakehaul_tables_not_exported 0');
  expect(all).toMatch(/lakehaul_eta_seconds\{percentile="90"\} NaN/i);
  expect(all).toMatch(/lakehaul_planned_timestamp_seconds NaN/i);
  const bounded = await textOf(1);
  expect(bounded.match(/^lakehaul_table_.*table="/gm)).toHaveLength(5);
  expect(bounded).toContain('lakehaul_tables_not_exported 1');
  expect(all).toMatch(/lakehaul_cost_micros\{part="s3",horizon="so-far"\} NaN/i);
  expect(all).toMatch(/lakehaul_budget_cap_micros NaN/i);
  const { eta } = report;
  const told = await textOf(0, {
    eta: { ...eta, state: 'forecast', nowMs: 5_000, p50Ms: 65_000, p90Ms: 95_000, plannedMs: 80_000 },
  });
  expect(told).toContain('lakehaul_eta_seconds{percentile="50"} 60');
  expect(told).toContain('lakehaul_eta_seconds{percentile="90"} 90');
  expect(told).toContain('lakehaul_planned_timestamp_seconds 80');
  expect(await textOf(0, { eta: { ...eta, state: 'done' } })).toContain('lakehaul_eta_seconds{percentile="90"} 0');
});

it('a table that is exported stays so when others come before it', async () => {
  const api = new ApiWorld();
  await api.seed();
  const { model } = await api.process();
  await model.refreshOnce();
  const { report } = model.snapshot;
  const metrics = createMetrics();
  const tables = new TableMetrics(metrics, 1);
  tables.export(report);
  tables.export({ ...report, tables: [...report.tables].reverse() });
  expect((await metrics.text()).match(/^lakehaul_table_chunks_left\{/gm)).toHaveLength(1);
});

it('the decision and its reasons: what no longer stands falls to 0, and no series is missing', async () => {
  const api = new ApiWorld();
  await api.seed();
  const { model } = await api.process();
  await model.refreshOnce();
  const { report } = model.snapshot;
  const metrics = createMetrics();
  const tables = new TableMetrics(metrics, 10);
  tables.export(report);
  const before = await metrics.text();
  expect(before).toContain(`lakehaul_decision{verdict="${report.decision.verdict}"} 1`);
  expect(before).toContain('lakehaul_decision{verdict="GO"} 0');
  expect(before).toContain('lakehaul_gate_reason{code="CHUNKS_NOT_PROVEN"} 1');
  expect(before).toContain('lakehaul_gate_reason{code="SCHEMA_DRIFT"} 0');
  tables.export({ ...report, decision: { ...report.decision, verdict: 'GO', reasons: [] } });
  const after = await metrics.text();
  expect(after.match(/^lakehaul_decision\{.*\} 1$/gm)).toEqual(['lakehaul_decision{verdict="GO"} 1']);
  expect(after).not.toMatch(/^lakehaul_gate_reason\{.*\} 1$/m);
  expect(after.match(/^lakehaul_gate_reason\{/gm)).toHaveLength(REASON_CODES.length);
});
