/** What a dashboard must have to be imported by anybody and read by a stranger. Empty when all is well. */
import { type Dashboard, shapeOf } from './deployed.ts';
import { readPromql, withoutMacros } from './promql.ts';

const COLUMNS = 24;
const SOURCE = '${datasource}';

export function lintDashboards(boards: readonly Dashboard[]): string[] {
  return [...repeated(boards.map(({ uid }) => uid)).map((uid) => `uid ${uid} twice`), ...boards.flatMap(lintDashboard)];
}

function lintDashboard(board: Dashboard): string[] {
  const panels = board.panels.map((panel) => ({
    panel,
    name: `${board.uid} / ${panel.title ?? panel.id ?? 'a panel'}`,
  }));
  const found = repeated(board.panels.map(({ id }) => String(id))).map((id) => `${board.uid}: panel id ${id} twice`);
  const sources = board.templating.list.filter(({ name, type }) => name === 'datasource' && type === 'datasource');
  if (sources.length !== 1) found.push(`${board.uid}: no variable for the data source`);
  for (const { name, datasource } of board.templating.list)
    if (name !== 'datasource' && datasource?.uid !== SOURCE)
      found.push(`${board.uid}: variable ${name} asks elsewhere`);
  for (const [at, { panel, name }] of panels.entries()) {
    const { x, y, w, h } = panel.gridPos;
    if (panel.id === undefined) found.push(`${name}: no id`);
    if ((panel.title ?? '') === '') found.push(`${name}: no title`);
    if (x < 0 || y < 0 || w < 1 || h < 1 || x + w > COLUMNS) found.push(`${name}: outside the grid`);
    for (const other of panels.slice(at + 1))
      if (overlaps(panel.gridPos, other.panel.gridPos)) found.push(`${name}: lies over ${other.name}`);
    if (panel.type !== 'row') found.push(...lintPanel(panel).map((problem) => `${name}: ${problem}`));
  }
  return found;
}

function lintPanel(panel: Dashboard['panels'][number]): string[] {
  const found: string[] = [];
  if ((panel.description ?? '').length < 20) found.push('no description');
  if ((panel.fieldConfig?.defaults.unit ?? '') === '') found.push('no unit');
  if (panel.datasource?.uid !== SOURCE) found.push('data source is not the variable');
  if (panel.targets.length === 0) found.push('no query');
  found.push(...repeated(panel.targets.map(({ refId }) => String(refId))).map((refId) => `query ${refId} twice`));
  for (const target of panel.targets) {
    if (target.refId === undefined) found.push('a query without refId');
    if (target.datasource?.uid !== SOURCE) found.push('a query whose data source is not the variable');
    const reading = readPromql(withoutMacros(target.expr), shapeOf);
    found.push(...reading.problems);
    if (reading.problems.length > 0) continue;
    // Else two migrations in one Prometheus would be added up.
    if (reading.series.length !== (target.expr.match(/job=~"\$job"/g) ?? []).length)
      found.push('a selector without $job');
    if ((target.legendFormat ?? '') === '') found.push('no legend');
    for (const [, label = ''] of (target.legendFormat ?? '').matchAll(/\{\{\s*(\w+)\s*\}\}/g))
      if (reading.labels?.has(label) !== true) found.push(`legend names ${label}, which the result has not`);
  }
  return found;
}

type Place = Dashboard['panels'][number]['gridPos'];

function overlaps(a: Place, b: Place): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, at) => names.indexOf(name) !== at))];
}
