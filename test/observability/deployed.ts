/** What deploy/ asks Prometheus for: rules, alerts and dashboards as data, and every series that may be asked for. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { METRICS, type MetricEntry } from '@lakehaul/runtime';
import { parse } from 'yaml';
import { z } from 'zod';
import { readPromql, type SeriesShape } from './promql.ts';

export const DEPLOY = join(import.meta.dirname, '../../deploy');
export const GRAFANA = join(DEPLOY, 'grafana');
export const readDeploy = (path: string): string => readFileSync(join(DEPLOY, path), 'utf8');

const RuleFile = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({
          record: z.string().optional(),
          alert: z.string().optional(),
          expr: z.string(),
          annotations: z.record(z.string(), z.string()).default({}),
        }),
      ),
    }),
  ),
});

const rulesOf = (path: string) => RuleFile.parse(parse(readDeploy(path))).groups.flatMap((group) => group.rules);

export const recordingRules = rulesOf('prometheus/recording-rules.yml').map(({ record = '', expr }) => ({
  record,
  expr,
}));
export const alertRules = rulesOf('prometheus/alerts.yml').map(({ alert = '', expr, annotations }) => ({
  alert,
  expr,
  annotations,
}));

/** Prometheus adds them to whatever it scrapes. */
const OF_THE_SCRAPE = ['job', 'instance'];
const entries: Record<string, MetricEntry> = METRICS;

export function shapeOf(series: string): SeriesShape | undefined {
  if (series === 'up') return { labels: new Set(OF_THE_SCRAPE), isCounter: false };
  const recorded = recordingRules.find(({ record }) => record === series);
  if (recorded !== undefined)
    return { labels: readPromql(recorded.expr, shapeOf).labels ?? new Set(), isCounter: false };
  const [, histogram = '', suffix = ''] = /^(\w+)_(bucket|count|sum)$/.exec(series) ?? [];
  const isOfHistogram = entries[histogram]?.kind === 'histogram';
  const entry = isOfHistogram ? entries[histogram] : entries[series];
  // A histogram's bare name has no series.
  if (entry === undefined || (entry.kind === 'histogram' && !isOfHistogram)) return undefined;
  const labels = new Set([...entry.labels, ...OF_THE_SCRAPE, ...(suffix === 'bucket' && isOfHistogram ? ['le'] : [])]);
  return { labels, isCounter: isOfHistogram || entry.kind === 'counter' };
}

const Ref = z.object({ type: z.string(), uid: z.string() });
const Place = z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() });
const Panel = z.object({
  id: z.int().optional(),
  type: z.string(),
  title: z.string().optional(),
  description: z.string().optional(),
  datasource: Ref.optional(),
  gridPos: Place,
  fieldConfig: z.object({ defaults: z.object({ unit: z.string().optional() }) }).optional(),
  targets: z
    .array(
      z.object({
        refId: z.string().optional(),
        expr: z.string(),
        legendFormat: z.string().optional(),
        datasource: Ref.optional(),
      }),
    )
    .default([]),
});
const Dashboard = z.object({
  uid: z.string(),
  title: z.string(),
  panels: z.array(Panel),
  templating: z.object({
    list: z.array(z.object({ name: z.string(), type: z.string(), query: z.unknown(), datasource: Ref.optional() })),
  }),
});
export type Dashboard = z.infer<typeof Dashboard>;

export const readDashboard = (text: string): Dashboard => Dashboard.parse(JSON.parse(text));

export function dashboardTexts(): Map<string, string> {
  const directory = join(GRAFANA, 'dashboards');
  return new Map(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'utf8')]));
}

/** Every expression that deploy/ holds, and where. */
export function everyExpression(): { where: string; expr: string }[] {
  return [
    ...recordingRules.map(({ record, expr }) => ({ where: record, expr })),
    ...alertRules.map(({ alert, expr }) => ({ where: alert, expr })),
    ...[...dashboardTexts().values()]
      .map(readDashboard)
      .flatMap(({ uid, panels }) =>
        panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ where: `${uid}: ${title}`, expr }))),
      ),
  ];
}
