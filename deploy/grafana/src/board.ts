/** A dashboard out of rows of panels: places them on the grid of 24 columns and numbers them. */
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DATASOURCE, heightOf, type PanelSpec, panelOf } from './panels.ts';

const COLUMNS = 24;

export interface BoardSpec {
  /** Part of its address, and the name of its file: never changed. */
  uid: string;
  title: string;
  description: string;
  rows: readonly { title: string; panels: readonly PanelSpec[] }[];
}

export function boardOf(spec: BoardSpec): Dashboard {
  const board = new DashboardBuilder(`lakehaul / ${spec.title}`)
    .uid(spec.uid)
    .description(spec.description)
    .tags(['lakehaul'])
    .readonly()
    .time({ from: 'now-6h', to: 'now' })
    .refresh('30s')
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .link(
      new DashboardLinkBuilder('lakehaul')
        .type(DashboardLinkType.Dashboards)
        .tags(['lakehaul'])
        .includeVars(true)
        .keepTime(true),
    )
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .withVariable(
      // Two migrations in one Prometheus are two scrape jobs.
      new QueryVariableBuilder('job')
        .label('Scrape job')
        .datasource(DATASOURCE)
        .query('label_values(lakehaul_build_info, job)')
        .refresh(VariableRefresh.OnDashboardLoad)
        .sort(VariableSort.AlphabeticalAsc)
        .multi(false)
        .includeAll(false),
    );
  let id = 1;
  let y = 0;
  for (const row of spec.rows) {
    board.withRow(new RowBuilder(row.title).id(id++).gridPos({ x: 0, y: y++, w: COLUMNS, h: 1 }));
    let [x, tallest] = [0, 0];
    for (const panel of row.panels) {
      if (x + panel.width > COLUMNS) [x, y, tallest] = [0, y + tallest, 0];
      board.withPanel(panelOf(panel, { id: id++, x, y }));
      x += panel.width;
      tallest = Math.max(tallest, heightOf(panel));
    }
    y += tallest;
  }
  return board.build();
}
