import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { dashboardFiles } from '../../deploy/grafana/src/dashboards.ts';
import { lintDashboards } from './dashboard-lint.ts';
import { type Dashboard, dashboardTexts, GRAFANA, readDashboard } from './deployed.ts';

const texts = dashboardTexts();
const boards = [...texts.values()].map(readDashboard);

/** The fleet dashboard with one thing changed. */
function planted(change: (board: Dashboard) => void): string[] {
  const board = structuredClone(boards.find(({ uid }) => uid === 'lakehaul-fleet'));
  if (board === undefined) throw new Error('there is a fleet dashboard');
  change(board);
  return lintDashboards([board]);
}

const panelOf = (board: Dashboard, title: string) => {
  const panel = board.panels.find((each) => each.title === title);
  if (panel === undefined) throw new Error(`there is a panel ${title}`);
  return panel;
};
const queryOf = (board: Dashboard, title: string) => {
  const target = panelOf(board, title).targets[0];
  if (target === undefined) throw new Error(`${title} has a query`);
  return target;
};

describe('dashboards', () => {
  it('are what their sources make (npm run dashboards writes them anew)', () => {
    expect([...texts.keys()].sort()).toEqual([...dashboardFiles().keys()].sort());
    for (const [name, text] of dashboardFiles()) expect(texts.get(name), name).toBe(text);
  });

  it('have unique ids, places of their own, units, descriptions, the chosen data source, and ask for what exists', () => {
    expect(boards.length).toBeGreaterThanOrEqual(4);
    expect(lintDashboards(boards)).toEqual([]);
  });

  it('are named like their files, and the provider finds them', () => {
    for (const [name, text] of texts) expect(name).toBe(`${readDashboard(text).uid}.json`);
    const file = (path: string): unknown => parse(readFileSync(join(GRAFANA, 'provisioning', path), 'utf8'));
    expect(file('dashboards/lakehaul.yml')).toMatchObject({
      apiVersion: 1,
      providers: [{ type: 'file', options: { path: '/etc/grafana/lakehaul' } }],
    });
    expect(file('datasources/prometheus.yml')).toMatchObject({
      apiVersion: 1,
      datasources: [{ type: 'prometheus', url: '${PROMETHEUS_URL}', jsonData: { timeInterval: '15s' } }],
    });
  });
});

describe('the lint of dashboards finds', () => {
  const query = 'Bytes moved';
  it.each<[string, (board: Dashboard) => void, string]>([
    [
      'a metric that nobody exports',
      (b) => replaceIn(b, query, 'moved_bytes', 'moved_byte'),
      'lakehaul_moved_byte_total',
    ],
    [
      'a label that the metric has not',
      (b) => replaceIn(b, query, 'job=~"$job"', 'job=~"$job",stage="x"'),
      'lakehaul_moved_bytes_total{stage}',
    ],
    [
      'a grouping by a label that is not there',
      (b) => replaceIn(b, query, 'by (step)', 'by (stage)'),
      'no label stage to group by',
    ],
    ['a rate without a range', (b) => replaceIn(b, query, '[$__rate_interval]', ''), 'is no range'],
    ['a range where a value belongs', (b) => replaceIn(b, query, 'rate(', 'abs('), 'is a range'],
    ['a bracket too few', (b) => replaceIn(b, query, '))', ')'), 'does not parse'],
    ['a rate of a gauge', (b) => replaceIn(b, query, 'moved_bytes_total', 'slots'), 'which is no counter'],
    [
      'a histogram’s bare name',
      (b) => replaceIn(b, 'Time of a step', '_seconds_bucket', '_seconds'),
      'lakehaul_step_duration_seconds',
    ],
    ['a quantile without le', (b) => replaceIn(b, 'Time of a step', 'step, le', 'step'), 'without le'],
    ['a selector of every migration', (b) => replaceIn(b, query, '{job=~"$job"}', ''), 'a selector without $job'],
    [
      'a legend of a label that was summed away',
      (b) => {
        queryOf(b, query).legendFormat = '{{stage}}';
      },
      'legend names stage',
    ],
    [
      'a fixed data source',
      (b) => {
        queryOf(b, query).datasource = { type: 'prometheus', uid: 'mine' };
      },
      'not the variable',
    ],
    [
      'a missing variable',
      (b) => {
        b.templating.list = b.templating.list.filter(({ name }) => name !== 'datasource');
      },
      'no variable for the data source',
    ],
    [
      'a missing unit',
      (b) => {
        panelOf(b, query).fieldConfig = { defaults: {} };
      },
      'no unit',
    ],
    [
      'a missing description',
      (b) => {
        panelOf(b, query).description = '';
      },
      'no description',
    ],
    [
      'two panels in one place',
      (b) => {
        panelOf(b, query).gridPos.x += 1;
      },
      'lies over',
    ],
    [
      'a panel outside the grid',
      (b) => {
        panelOf(b, 'Rows moved').gridPos.w = 13;
      },
      'outside the grid',
    ],
    [
      'an id twice',
      (b) => {
        panelOf(b, query).id = 1;
      },
      'panel id 1 twice',
    ],
    [
      'a missing id',
      (b) => {
        delete panelOf(b, query).id;
      },
      'no id',
    ],
    [
      'a missing refId',
      (b) => {
        delete queryOf(b, query).refId;
      },
      'without refId',
    ],
  ])('%s', (_what, change, problem) => {
    expect(planted(change).join('\n')).toContain(problem);
  });

  it('a uid twice', () => {
    const [first] = boards;
    if (first === undefined) throw new Error('there are dashboards');
    expect(lintDashboards([first, first])).toContain(`uid ${first.uid} twice`);
  });
});

function replaceIn(board: Dashboard, title: string, from: string, to: string): void {
  const target = queryOf(board, title);
  expect(target.expr).toContain(from);
  target.expr = target.expr.replace(from, to);
}
