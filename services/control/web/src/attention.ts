/** What needs a person, worst first, out of the status: each with why and the next step. Pure. */
import { href } from './href.ts';
import type { Signals, Status, TableStatus } from './shapes.ts';

/** What lift-stop.tsx asks about. */
export type StoppedTable = Pick<TableStatus, 'table' | 'tableId'> & { stop: NonNullable<TableStatus['stop']> };

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
  /** What is done in place: null where nothing is. */
  stopped: StoppedTable | null;
  /** Chunks that wait for a person: more than none of a quarantine only. */
  waits: number;
}

const PLAIN = { stopped: null, waits: 0 };

type Told = Pick<Status, 'tables' | 'steering'> & Partial<Pick<Status, 'eta' | 'cost' | 'decision'>>;

/** Of what is known at the place that asks: a table's own page knows nothing of the others. */
export function attentionOf(status: Told, signals: Signals['signals'] = []): Attention[] {
  const all = [...status.tables.flatMap(ofTable), ...ofEstate(status), ...signals.flatMap(ofSignal)];
  const ranked = all.sort((a, b) => rankOf(a) - rankOf(b));
  const [grave, other] = [ranked.filter((each) => each.isGrave), ranked.filter((each) => !each.isGrave)];
  return [...quarantinedTogether(grave), ...together(other), ...status.steering.pauses.map(ofPause)];
}

/** Of many tables they are one thing to look at, in one place. */
function quarantinedTogether(items: readonly Attention[]): Attention[] {
  const waiting = items.filter(({ waits }) => waits > 0);
  const [first] = waiting;
  if (first === undefined || waiting.length <= NAMED) return [...items];
  const chunks = waiting.reduce((sum, { waits }) => sum + waits, 0);
  const one = {
    ...{ ...first, key: 'quarantined', what: `${chunks} quarantined`, where: named(waiting), waits: chunks },
    ...{ why: 'Chunks wait for a person.', href: href(['quarantine']) },
  };
  return [...items.filter(({ waits }) => waits === 0), one];
}

function named(items: readonly Attention[]): string {
  const shown = items.slice(0, NAMED).map(({ where }) => where);
  return `${shown.join(', ')} and ${items.length - NAMED} more`;
}

/** What stops a table first, then what is known to be wrong, then what waits. */
function rankOf({ stopped, what }: Attention): number {
  return stopped !== null ? 0 : what.startsWith('Seal broken') ? 1 : 2;
}

function ofPause(pattern: string): Attention {
  return {
    ...{ key: `pause ${pattern}`, isGrave: false, what: 'Paused', where: pattern, why: 'A person paused it.' },
    ...{ next: 'Resume it when its reason is gone.', href: href(['queues']), verb: 'Queues', ...PLAIN },
  };
}

function ofSignal({ process, status, reason, who }: Signals['signals'][number]): Attention[] {
  if (status !== 'failing') return [];
  return [
    {
      ...{ key: `signal ${process}`, isGrave: true, what: 'Declared failing', where: process, why: `“${reason}”` },
      ...{ next: `${who} said so.`, href: href(['gates']), verb: 'Gates', ...PLAIN },
    },
  ];
}

/** What no table alone is about. */
function ofEstate({ eta, cost, decision }: Told): Attention[] {
  const found: Attention[] = [];
  const add = (what: string, told: Omit<Attention, 'key' | 'what' | 'where' | keyof typeof PLAIN>) =>
    found.push({ key: what, what, where: '', ...PLAIN, ...told });
  if (eta?.isLate === true)
    add('Later than planned', {
      ...{ isGrave: false, why: `Everything is proven by ${eta.p90 ?? '?'} nine times of ten.` },
      ...{ next: `Planned is ${eta.plannedDate ?? '?'}.`, href: href(['throttle']), verb: 'Throttle' },
    });
  const budget = cost?.budget;
  if (budget !== undefined && budget !== null && budget.verdict !== 'ok')
    add('Budget', {
      ...{ isGrave: budget.verdict === 'stop', why: budget.reason, next: 'Raise prices.cap, or wait.' },
      ...{ href: href(['throttle']), verb: 'Throttle' },
    });
  const nothing = decision?.reasons.find(({ code }) => code === 'NOTHING_PLANNED');
  if (nothing !== undefined)
    add('Nothing is planned', {
      ...{ isGrave: false, why: 'There is no table to haul yet.', next: `${nothing.next} makes the plan.` },
      ...{ href: '', verb: '' },
    });
  const stale = decision?.reasons.find(({ code }) => code === 'WRITE_LOG_STALE');
  if (stale !== undefined)
    add('Proofs are not known to hold now', {
      ...{ isGrave: false, why: `${stale.reason}.`, next: stale.next },
      ...{ href: href(['gates', stale.code]), verb: 'How do you know?' },
    });
  return found;
}

/** The same of many tables is one thing to do. */
function together(items: readonly Attention[]): Attention[] {
  const groups = new Map<string, Attention[]>();
  for (const item of items) groups.set(item.what, [...(groups.get(item.what) ?? []), item]);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined || group.length <= NAMED) return group;
    return [{ ...first, key: first.what, where: named(group), href: href(['tables']), verb: 'Tables' }];
  });
}

function ofTable(table: TableStatus): Attention[] {
  const found: Attention[] = [];
  const add = (what: string, told: Omit<Attention, 'key' | 'what' | 'where' | keyof typeof PLAIN>) =>
    found.push({ key: `${what} ${table.tableId}`, what, where: table.table, ...PLAIN, ...told });
  const toTable = { href: href(['tables', table.tableId]), verb: 'Table' };
  if (table.stop !== null) {
    const { code, reason, next } = table.stop;
    add(`Stopped: ${code}`, { isGrave: true, why: reason, next, ...toTable });
    for (const item of found) item.stopped = { table: table.table, tableId: table.tableId, stop: table.stop };
  }
  const waiting = table.stages.quarantined ?? 0;
  if (waiting > 0)
    add(`${waiting} quarantined`, {
      isGrave: true,
      why: `${waiting === 1 ? 'A chunk waits' : 'Chunks wait'} for a person.`,
      next: 'Look why, then replay or accept.',
      ...{ href: href(['quarantine'], { table: table.table }), verb: 'Quarantine' },
    });
  for (const item of found) if (item.verb === 'Quarantine') item.waits = waiting;
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
  if (table.writes === 'open-transaction')
    add('Being written at the source', {
      ...{ isGrave: false, why: 'A transaction that has written it is still open.' },
      ...{ next: 'It is probed by itself when the transaction has ended.', ...toTable },
    });
  if (table.writes === 'written')
    add('Written at the source', {
      ...{ isGrave: false, why: 'Rows were written after they were proven.' },
      ...{ next: 'It is probed by itself, and the chunks that differ are opened again.', ...toTable },
    });
  return found;
}
