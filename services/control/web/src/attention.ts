/** What needs a person, worst first, out of the status: each with why and the next step. Pure. */
import { href } from './href.ts';
import type { Status, TableStatus } from './shapes.ts';

/** Tables that are named before the rest is only counted. */
const NAMED = 2;

export interface Attention {
  key: string;
  isGrave: boolean;
  what: string;
  where: string;
  why: string;
  next: string;
  /** Where it is done here; empty when it is done elsewhere. */
  href: string;
  verb: string;
}

export function attentionOf(status: Pick<Status, 'tables' | 'steering'>): Attention[] {
  const ofTables = status.tables.flatMap(ofTable);
  const { pauses } = status.steering;
  const held = pauses.map((pattern) => ({
    ...{ key: `pause ${pattern}`, isGrave: false, what: 'Paused', where: pattern, why: 'A person paused it.' },
    ...{ next: 'Resume it when its reason is gone.', href: href(['queues']), verb: 'Queues' },
  }));
  const [grave, other] = [ofTables.filter((each) => each.isGrave), ofTables.filter((each) => !each.isGrave)];
  return [...grave, ...together(other), ...held];
}

/** The same of many tables is one thing to do. */
function together(items: readonly Attention[]): Attention[] {
  const groups = new Map<string, Attention[]>();
  for (const item of items) groups.set(item.what, [...(groups.get(item.what) ?? []), item]);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined || group.length <= NAMED) return group;
    const named = group.slice(0, NAMED).map(({ where }) => where);
    const where = `${named.join(', ')} and ${group.length - NAMED} more`;
    return [{ ...first, key: first.what, where, href: href(['tables']), verb: 'Tables' }];
  });
}

function ofTable(table: TableStatus): Attention[] {
  const found: Attention[] = [];
  const add = (what: string, told: Omit<Attention, 'key' | 'what' | 'where'>) =>
    found.push({ key: `${what} ${table.tableId}`, what, where: table.table, ...told });
  const toTable = { href: href(['tables', table.tableId]), verb: 'Table' };
  if (table.stop !== null) {
    const { code, reason, next } = table.stop;
    add(`Stopped: ${code}`, { isGrave: true, why: reason, next, ...toTable });
  }
  const waiting = table.stages.quarantined ?? 0;
  if (waiting > 0)
    add(`${waiting} quarantined`, {
      isGrave: true,
      why: `${waiting === 1 ? 'A chunk waits' : 'Chunks wait'} for a person.`,
      next: 'Look why, then replay or accept.',
      ...{ href: href(['quarantine'], { table: table.table }), verb: 'Quarantine' },
    });
  for (const fault of table.sealFaults.slice(0, 3))
    add(`Seal broken: ${fault.kind}${fault.chunk === null ? '' : ` ${fault.chunk}`}`, {
      ...{ isGrave: true, why: fault.message, next: 'Look at the chunk’s trail before anything is loaded again.' },
      ...toTable,
    });
  if (table.writes === 'gap')
    add('Source history has a gap', {
      ...{ isGrave: false, why: 'Nobody knows whether the table was written.' },
      ...{ next: 'It is probed by itself; lakehaul watch tells more.', ...toTable },
    });
  if (table.writes === 'written')
    add('Written at the source', {
      ...{ isGrave: false, why: 'Rows were written after they were proven.' },
      ...{ next: 'It is probed by itself, and the chunks that differ are opened again.', ...toTable },
    });
  return found;
}
