/** The registry behind /metrics, built from the table and from nothing else. */
import { LakehaulError } from '@lakehaul/core';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import {
  type CounterName,
  type GaugeName,
  type HistogramName,
  METRICS,
  type MetricEntry,
  type MetricLabels,
  type MetricName,
} from './metrics-table.ts';

export interface Metrics {
  count<N extends CounterName>(name: N, labels: MetricLabels<N>, by?: number | bigint): void;
  set<N extends GaugeName>(name: N, labels: MetricLabels<N>, value: number | bigint): void;
  /** The series is exported no more: a gauge keeps its last value, which would be told for the present one. */
  remove<N extends GaugeName>(name: N, labels: MetricLabels<N>): void;
  observe<N extends HistogramName>(name: N, labels: MetricLabels<N>, value: number): void;
  /** Runs before every scrape; for gauges that cost something to know. */
  onScrape(collect: () => void | Promise<void>): void;
  /** Prometheus text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

type Labels = Readonly<Record<string, string>>;

export function createMetrics(): Metrics {
  const registry = new Registry();
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  const histograms = new Map<string, Histogram>();
  for (const [name, entry] of Object.entries(METRICS) as [MetricName, MetricEntry][]) {
    const shape = { name, help: entry.help, labelNames: [...entry.labels], registers: [registry] };
    if (entry.kind === 'counter') counters.set(name, new Counter(shape));
    else if (entry.kind === 'gauge') gauges.set(name, new Gauge(shape));
    else histograms.set(name, new Histogram({ ...shape, buckets: [...(entry.buckets ?? [])] }));
  }
  const collectors: (() => void | Promise<void>)[] = [processCollector()];
  const metrics: Metrics = {
    // Rates are computed on floats anyway: a bigint above 2^53 loses its last digits here and nowhere else.
    count: (name, labels, by = 1) => known(counters, name).inc(labels as Labels, Number(by)),
    set: (name, labels, value) => known(gauges, name).set(labels as Labels, Number(value)),
    remove: (name, labels) => known(gauges, name).remove(labels as Labels),
    observe: (name, labels, value) => known(histograms, name).observe(labels as Labels, value),
    onScrape: (collect) => {
      collectors.push(collect);
    },
    contentType: registry.contentType,
    async text() {
      for (const collect of collectors) await collect();
      const text = await registry.metrics();
      // promtool: "unexpected end of input stream" without a last line end.
      return text.endsWith('\n') ? text : `${text}\n`;
    },
  };
  return metrics;

  function processCollector(): () => void {
    let seenSeconds = 0;
    return () => {
      const usage = process.cpuUsage();
      const seconds = (usage.user + usage.system) / 1e6;
      metrics.count('lakehaul_process_cpu_seconds_total', {}, Math.max(0, seconds - seenSeconds));
      seenSeconds = seconds;
      metrics.set('lakehaul_process_resident_memory_bytes', {}, process.memoryUsage.rss());
    };
  }
}

function known<T>(metrics: ReadonlyMap<string, T>, name: string): T {
  const metric = metrics.get(name);
  if (metric === undefined) throw new LakehaulError('INTERNAL', `metric ${name} is not in the table`);
  return metric;
}

/** The table as text: golden, and the reference in the runbook. */
export function metricsReference(): string {
  return Object.entries(METRICS as Record<string, MetricEntry>)
    .map(([name, { kind, unit, labels, help, buckets }]) =>
      [
        `${name}{${labels.join(',')}}  ${kind}, ${unit}`,
        `    ${help}`,
        ...(buckets === undefined ? [] : [`    buckets ${buckets.join(' ')}`]),
      ].join('\n'),
    )
    .join('\n');
}
