/** May we switch, what stands against it, and since when? */
import type { BoardSpec } from './board.ts';
import { bars, type PanelSpec, stacked, stat } from './panels.ts';
import { of } from './series.ts';
import { plannedDate, writeLogAge } from './shared-panels.ts';

function verdictStat(verdict: string, description: string, colour: { badFrom?: number; goodFrom?: number }): PanelSpec {
  return stat({
    title: verdict.replace('_', ' '),
    description,
    unit: 'short',
    width: 4,
    ...colour,
    queries: [{ expr: `max(${of('lakehaul_decision', `verdict="${verdict}"`)})`, legend: verdict }],
  });
}

export const CUTOVER: BoardSpec = {
  uid: 'lakehaul-cutover',
  title: 'Cutover',
  description: 'The decision as the control service takes it from evidence, and every reason that stands against it.',
  rows: [
    {
      title: 'The decision',
      panels: [
        verdictStat('GO', '1: nothing stands against the cutover.', { goodFrom: 1 }),
        verdictStat('HOLD', '1: something is not known yet. The reasons below say what.', {}),
        verdictStat('NO_GO', '1: data is known to be wrong, or somebody has to decide about it.', { badFrom: 1 }),
        plannedDate(),
        writeLogAge(),
        bars({
          title: 'Reasons that stand against it',
          description: 'One bar a code, as lakehaul status and the console name them with their next steps.',
          unit: 'short',
          width: 12,
          queries: [{ expr: `max by (code) (${of('lakehaul_gate_reason')}) > 0`, legend: '{{code}}' }],
        }),
        stacked({
          title: 'Reasons over time',
          description: 'A reason that comes back again and again has a cause that nobody has mended.',
          unit: 'short',
          width: 12,
          queries: [{ expr: `max by (code) (${of('lakehaul_gate_reason')}) > 0`, legend: '{{code}}' }],
        }),
      ],
    },
    {
      title: 'What is left',
      panels: [
        stat({
          title: 'Tables not proven',
          description: 'Of the tables that have metrics of their own.',
          unit: 'short',
          width: 6,
          queries: [
            { expr: `count(max by (table) (${of('lakehaul_table_chunks_left')}) > 0) or vector(0)`, legend: 'tables' },
          ],
        }),
        stat({
          title: 'Chunks in quarantine',
          description: 'They wait for a person: lakehaul chunks --stage quarantined.',
          unit: 'short',
          width: 6,
          badFrom: 1,
          queries: [{ expr: `max(${of('lakehaul_chunks', 'stage="quarantined"')})`, legend: 'chunks' }],
        }),
        stat({
          title: 'Chunks accepted as they are',
          description: 'Never proven: whoever approves the cutover signs for them.',
          unit: 'short',
          width: 6,
          badFrom: 1,
          queries: [{ expr: `max(${of('lakehaul_chunks', 'stage="accepted"')})`, legend: 'chunks' }],
        }),
        stat({
          title: 'Tables stopped',
          description: 'They stand until a person lifts the stop.',
          unit: 'short',
          width: 6,
          badFrom: 1,
          queries: [{ expr: `sum(max by (code) (${of('lakehaul_tables_stopped')})) or vector(0)`, legend: 'tables' }],
        }),
      ],
    },
  ],
};
