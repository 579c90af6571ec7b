/** Which tables are slow, which differ, and when will all of it be proven? */
import type { BoardSpec } from './board.ts';
import { bars, graph, stat } from './panels.ts';
import { of } from './series.ts';
import { plannedDate } from './shared-panels.ts';

/** A migration may have 2,000 tables: what is worst is shown. */
const WORST = 20;

export const TABLES: BoardSpec = {
  uid: 'lakehaul-tables',
  title: 'Tables',
  description: 'Progress and forecast of each table, as the control service tells them; the worst ones of each kind.',
  rows: [
    {
      title: 'Forecast',
      panels: [
        stat({
          title: 'Proven in (even chance)',
          description:
            'Time until everything is proven, with an even chance. Nothing is shown while too little was moved to say.',
          unit: 'dtdurations',
          width: 6,
          queries: [{ expr: `max(${of('lakehaul_eta_seconds', 'percentile="50"')})`, legend: 'P50' }],
        }),
        stat({
          title: 'Proven in (nine of ten)',
          description: 'Time until everything is proven in nine cases of ten: what a plan may count on.',
          unit: 'dtdurations',
          width: 6,
          queries: [{ expr: `max(${of('lakehaul_eta_seconds', 'percentile="90"')})`, legend: 'P90' }],
        }),
        plannedDate(),
        stat({
          title: 'Tables not shown',
          description:
            'Tables beyond control.metricTables, which have no metrics of their own: they are in the console and in lakehaul status.',
          unit: 'short',
          width: 6,
          badFrom: 1,
          queries: [{ expr: `max(${of('lakehaul_tables_not_exported')})`, legend: 'tables' }],
        }),
        graph({
          title: 'Forecast over time',
          description:
            'Time until everything is proven. It falls a second a second when all goes well; where it rises, the haul got slower.',
          unit: 's',
          width: 12,
          queries: [{ expr: `max by (percentile) (${of('lakehaul_eta_seconds')})`, legend: 'P{{percentile}}' }],
        }),
        graph({
          title: 'Bytes proven',
          description: 'Of all tables shown, against the bytes planned.',
          unit: 'bytes',
          width: 12,
          queries: [
            { expr: `sum by (state) (max by (table, state) (${of('lakehaul_table_bytes')}))`, legend: '{{state}}' },
          ],
        }),
      ],
    },
    {
      title: 'The worst tables',
      panels: [
        bars({
          title: 'Longest until proven',
          description: 'Tables whose forecast (nine cases of ten) is longest. Those without a forecast are missing.',
          unit: 'dtdurations',
          width: 12,
          queries: [
            { expr: `topk(${WORST}, max by (table) (${of('lakehaul_table_eta_seconds')}) > 0)`, legend: '{{table}}' },
          ],
        }),
        bars({
          title: 'Least proven',
          description: 'Tables of which the smallest share of the planned bytes is proven.',
          unit: 'percentunit',
          width: 12,
          queries: [
            {
              expr: `bottomk(${WORST}, max by (table) (${of('lakehaul_table_bytes', 'state="proven"')}) / (max by (table) (${of('lakehaul_table_bytes', 'state="planned"')}) > 0) < 1)`,
              legend: '{{table}}',
            },
          ],
        }),
        bars({
          title: 'Most chunks left',
          description: 'Tables with the most chunks that are not proven yet.',
          unit: 'short',
          width: 12,
          queries: [
            { expr: `topk(${WORST}, max by (table) (${of('lakehaul_table_chunks_left')}) > 0)`, legend: '{{table}}' },
          ],
        }),
        bars({
          title: 'Most chunks that differed',
          description:
            'Tables with chunks that were not equal to their source, repaired by now or not. The cause is what matters: lakehaul diff names the rows.',
          unit: 'short',
          width: 12,
          queries: [
            {
              expr: `topk(${WORST}, max by (table) (${of('lakehaul_table_chunks_mismatched')}) > 0)`,
              legend: '{{table}}',
            },
          ],
        }),
      ],
    },
  ],
};
