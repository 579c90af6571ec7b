/** The same five panels for each cloud: how often it is called, how long it takes and how it refuses. */
import { graph, type PanelSpec, stacked } from './panels.ts';
import { of, quantile, rate } from './series.ts';

/** `cloud` is the first part of the points, `redshift` of redshift.submit. */
export function cloudCalls(cloud: 'redshift' | 's3' | 'databricks', name: string): PanelSpec[] {
  const points = `point=~"${cloud}[.].+"`;
  const throttled = `${points},code="THROTTLED"`;
  return [
    stacked({
      title: `Calls to ${name}`,
      description: `Every try of a call to ${name}, by point.`,
      unit: 'ops',
      width: 8,
      queries: [{ expr: `sum by (point) (${rate('lakehaul_outside_calls_total', points)})`, legend: '{{point}}' }],
    }),
    graph({
      title: `Latency of ${name}`,
      description: `95th percentile of one try by point. Statements that are awaited count with their whole run.`,
      unit: 's',
      width: 8,
      queries: [{ expr: quantile(0.95, 'lakehaul_outside_duration_seconds', 'point', points), legend: '{{point}}' }],
    }),
    graph({
      title: `Calls to ${name} that are throttled`,
      description: `Share of the tries that ${name} answered with "slow down". They are repeated later and count as no failure.`,
      unit: 'percentunit',
      width: 8,
      queries: [
        {
          expr: `sum by (point) (${rate('lakehaul_outside_failures_total', throttled)}) / sum by (point) (${rate('lakehaul_outside_calls_total', points)})`,
          legend: '{{point}}',
        },
      ],
    }),
    stacked({
      title: `Failures of ${name}`,
      description: `Tries that failed, by point and code. The errors page says what each code means.`,
      unit: 'ops',
      width: 12,
      queries: [
        {
          expr: `sum by (point, code) (${rate('lakehaul_outside_failures_total', points)})`,
          legend: '{{point}} {{code}}',
        },
      ],
    }),
    graph({
      title: `Repeated calls to ${name}`,
      description: `Calls repeated after a failure, in the last quarter of an hour.`,
      unit: 'short',
      width: 12,
      queries: [
        {
          expr: `sum by (point) (increase(${of('lakehaul_outside_retries_total', points)}[15m]))`,
          legend: '{{point}}',
        },
      ],
    }),
  ];
}
