import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createMetrics, metricsReference } from './metrics.ts';
import { METRICS, type MetricEntry } from './metrics-table.ts';

const GOLDEN = join(import.meta.dirname, 'metrics.golden.txt');
const entries = Object.entries(METRICS as Record<string, MetricEntry>);

describe('the metrics table', () => {
  it('is what the golden file says: dashboards and alerts rely on it (vitest -u refreshes it)', async () => {
    await expect(`${metricsReference()}\n`).toMatchFileSnapshot(GOLDEN);
  });

  it('names follow the rules that promtool checks', () => {
    for (const [name, entry] of entries) {
      expect(name).toMatch(/^lakehaul_[a-z0-9_]+$/);
      expect(name.endsWith('_total'), name).toBe(entry.kind === 'counter');
      expect(name, name).not.toMatch(/_(ms|milliseconds|count|sum|bucket)$/);
      if (entry.unit === 'seconds') expect(name).toMatch(/_seconds(_total)?$/);
      if (entry.unit === 'bytes') expect(name).toMatch(/_bytes(_total)?$/);
      expect(entry.help).toMatch(/^[A-Z0-9].*\.$/);
    }
  });

  it('labels are bounded: nothing there is as many as the tables, chunks or statements', () => {
    const used = new Set(entries.flatMap(([, entry]) => entry.labels));
    expect([...used].sort()).toEqual([
      'check',
      'code',
      'horizon',
      'loop',
      'node',
      'outcome',
      'part',
      'percentile',
      'point',
      'service',
      'stage',
      'state',
      'step',
      'table',
      'verdict',
      'version',
    ]);
    const byTable = entries.filter(([, entry]) => entry.labels.includes('table')).map(([name]) => name);
    expect(byTable.every((name) => name.startsWith('lakehaul_table_'))).toBe(true);
    expect(byTable).toHaveLength(4);
  });
});

describe('/metrics', () => {
  it('is valid text: HELP and TYPE once each, sums add up, a line end at the end', async () => {
    const metrics = createMetrics();
    metrics.count('lakehaul_moved_rows_total', { step: 'load' }, 5n);
    metrics.count('lakehaul_moved_rows_total', { step: 'load' });
    metrics.set('lakehaul_chunks', { stage: 'verified' }, 12n);
    metrics.observe('lakehaul_step_duration_seconds', { step: 'unload', outcome: 'done' }, 61);
    const text = await metrics.text();
    expect(text.endsWith('\n')).toBe(true);
    for (const [name, entry] of entries) {
      expect(text.split('\n').filter((line) => line.startsWith(`# HELP ${name} `))).toHaveLength(1);
      expect(text).toContain(`# TYPE ${name} ${entry.kind}`);
    }
    expect(text).toContain('lakehaul_moved_rows_total{step="load"} 6');
    expect(text).toContain('lakehaul_chunks{stage="verified"} 12');
    expect(text).toContain('lakehaul_step_duration_seconds_bucket{le="60",step="unload",outcome="done"} 0');
    expect(text).toContain('lakehaul_step_duration_seconds_bucket{le="120",step="unload",outcome="done"} 1');
    expect(text).toMatch(/lakehaul_process_resident_memory_bytes \d{7,}/);
  });

  it('every line but comments is a sample', async () => {
    const text = await createMetrics().text();
    const wrong = text
      .split('\n')
      .filter((line) => line !== '' && !/^# (HELP|TYPE) /.test(line))
      .filter((line) => !/^[a-z_]+(\{([a-z_]+="[^"]*",?)*\})? [-+0-9.eE]+(Inf|NaN)?$/.test(line));
    expect(wrong).toEqual([]);
  });

  it('collectors run before each scrape, and two registries know nothing of each other', async () => {
    const [a, b] = [createMetrics(), createMetrics()];
    let scrapes = 0;
    a.onScrape(() => a.set('lakehaul_staged_bytes', {}, ++scrapes));
    await a.text();
    expect(await a.text()).toContain('lakehaul_staged_bytes 2');
    expect(await b.text()).toContain('lakehaul_staged_bytes 0');
  });
});
