/** The kinds of panels that we use. What the SDK leaves out or sets oddly by default is set here, once. */

import { PanelBuilder as BarsBuilder } from '@grafana/grafana-foundation-sdk/bargauge';
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as GraphBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

/** Every panel and query asks the source that the reader chooses. */
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' } as const;

/** Grafana's names of units. */
export type Unit = 'short' | 'percentunit' | 'bytes' | 'binBps' | 'rowsps' | 's' | 'ops' | 'dtdurations';

export interface Query {
  expr: string;
  /** `{{label}}` takes the value of a label of the result. */
  legend: string;
}

export interface PanelSpec {
  kind: 'graph' | 'stacked' | 'stat' | 'bars';
  title: string;
  /** What it says, and what a bad value means. */
  description: string;
  unit: Unit;
  queries: readonly Query[];
  /** Of 24 columns. */
  width: number;
  /** Red from here on, of a stat. */
  badFrom?: number;
  /** Green from here on, of a stat, and neutral below. */
  goodFrom?: number;
}

export const graph = (spec: Omit<PanelSpec, 'kind'>): PanelSpec => ({ kind: 'graph', ...spec });
export const stacked = (spec: Omit<PanelSpec, 'kind'>): PanelSpec => ({ kind: 'stacked', ...spec });
export const stat = (spec: Omit<PanelSpec, 'kind'>): PanelSpec => ({ kind: 'stat', ...spec });

/** One bar for each series of a single moment. */
export const bars = (spec: Omit<PanelSpec, 'kind'>): PanelSpec => ({ kind: 'bars', ...spec });

export interface Place {
  id: number;
  x: number;
  y: number;
}

const HEIGHTS: Readonly<Record<PanelSpec['kind'], number>> = { stat: 4, graph: 8, stacked: 8, bars: 12 };
export const heightOf = (spec: PanelSpec): number => HEIGHTS[spec.kind];

export function panelOf(spec: PanelSpec, place: Place): GraphBuilder | StatBuilder | BarsBuilder {
  const panel = spec.kind === 'stat' ? statOf(spec) : spec.kind === 'bars' ? barsOf() : graphOf(spec);
  panel
    .id(place.id)
    .title(spec.title)
    .description(spec.description)
    .datasource(DATASOURCE)
    .unit(spec.unit)
    .gridPos({ x: place.x, y: place.y, w: spec.width, h: heightOf(spec) });
  for (const [at, query] of spec.queries.entries()) panel.withTarget(targetOf(spec, query, at));
  return panel;
}

function targetOf(spec: PanelSpec, query: Query, at: number): DataqueryBuilder {
  const target = new DataqueryBuilder()
    // Grafana tells queries of a panel apart by it, and the SDK sets none.
    .refId(String.fromCharCode('A'.charCodeAt(0) + at))
    .datasource(DATASOURCE)
    .expr(query.expr)
    .legendFormat(query.legend);
  return spec.kind === 'stat' || spec.kind === 'bars' ? target.instant() : target.range();
}

function graphOf(spec: PanelSpec): GraphBuilder {
  const panel = new GraphBuilder()
    .min(0)
    .lineWidth(1)
    .fillOpacity(spec.kind === 'stacked' ? 40 : 8)
    .showPoints(VisibilityMode.Never)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .calcs([]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  return spec.kind === 'stacked' ? panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal)) : panel;
}

function statOf(spec: PanelSpec): StatBuilder {
  const steps = [{ value: null, color: 'text' }];
  return new StatBuilder()
    .reduceOptions(lastValue())
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .thresholds(
      new ThresholdsConfigBuilder()
        .mode(ThresholdsMode.Absolute)
        .steps([
          ...steps,
          ...(spec.goodFrom === undefined ? [] : [{ value: spec.goodFrom, color: 'green' }]),
          ...(spec.badFrom === undefined ? [] : [{ value: spec.badFrom, color: 'red' }]),
        ]),
    );
}

function barsOf(): BarsBuilder {
  return new BarsBuilder()
    .min(0)
    .reduceOptions(lastValue())
    .displayMode(BarGaugeDisplayMode.Basic)
    .orientation(VizOrientation.Horizontal);
}

const lastValue = (): ReduceDataOptionsBuilder =>
  new ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(false);
