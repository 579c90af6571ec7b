/**
 * Which jobs to let into the queues. Pure: the feeder gathers what is known and adds what this answers. Limits,
 * priorities and fairness between tables are decided here, before the store, which therefore needs none of them.
 */
import { type ChunkRef, type LimitRow, type PatternTest, patternTest, STEPS, type Step } from '@lakehaul/core';
import { jobIdOf } from './chunk-job.ts';

export interface Candidate {
  ref: ChunkRef;
  attempt: number;
  step: Step;
  /** Not before this time: the back-off after a failure. */
  notBeforeMs: number;
}

export interface TableCandidates {
  tableId: string;
  /** `schema.table`, as limits name it. */
  path: string;
  /** 1 is first. Tables of a lower number are served before all others. */
  priority: number;
  /** In the order in which the chunks should go; read no further than needed. */
  candidates: Iterable<Candidate>;
}

export interface WindowRequest {
  tables: readonly TableCandidates[];
  /** Ids of all jobs that wait or run now. */
  inQueue: ReadonlySet<string>;
  /** Jobs that may be in all queues together. */
  windowSize: number;
  limits: readonly LimitRow[];
  nowMs: number;
}

export type SelectedJob = Candidate & { priority: number };

export function selectJobs(request: WindowRequest): SelectedJob[] {
  const room = Math.max(0, request.windowSize - request.inQueue.size);
  if (room === 0) return [];
  const limits = new Limits(request);
  const selected: SelectedJob[] = [];
  for (const tables of byPriority(request.tables)) {
    takeFairly(tables, request, limits, room, selected);
    if (selected.length >= room) break;
  }
  return selected;
}

function byPriority(tables: readonly TableCandidates[]): TableCandidates[][] {
  const groups = new Map<number, TableCandidates[]>();
  for (const table of tables) groups.set(table.priority, [...(groups.get(table.priority) ?? []), table]);
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => group);
}

interface Lane {
  table: TableCandidates;
  rest: Iterator<Candidate>;
  /** Jobs of the table in queue or chosen now: the table with the fewest is next. */
  held: number;
}

/**
 * The table that holds the fewest places is served next, so that a table with a million chunks and one with ten share
 * the window alike while both have work: deficit round robin with a cost of one a job, the deficit read off the queue.
 */
function takeFairly(
  tables: readonly TableCandidates[],
  request: WindowRequest,
  limits: Limits,
  room: number,
  selected: SelectedJob[],
): void {
  let lanes = rotated(tables, request.nowMs).map(
    (table): Lane => ({
      table,
      rest: table.candidates[Symbol.iterator](),
      held: limits.heldBy(table.tableId),
    }),
  );
  while (lanes.length > 0 && selected.length < room) {
    const lane = lanes.reduce((least, other) => (other.held < least.held ? other : least));
    const candidate = nextAllowed(lane, request, limits);
    if (candidate === null) {
      lane.rest.return?.();
      lanes = lanes.filter((other) => other !== lane);
      continue;
    }
    lane.held++;
    selected.push({ ...candidate, priority: lane.table.priority });
  }
}

/** Ties go to the first lane. Were that always the same table, it would be served twice as often as its neighbour. */
function rotated<T>(items: readonly T[], nowMs: number): T[] {
  // Fibonacci hashing, high bits only: passes at even distances in time must not all begin with the same table.
  const first = (Math.imul(Math.trunc(nowMs), 0x9e3779b1) >>> 16) % Math.max(items.length, 1);
  return [...items.slice(first), ...items.slice(0, first)];
}

function nextAllowed(lane: Lane, request: WindowRequest, limits: Limits): Candidate | null {
  const { path } = lane.table;
  for (;;) {
    // Nothing more of this table can go: do not walk through a million candidates to find that out.
    if (STEPS.every((step) => !limits.hasRoom(path, step))) return null;
    const next = lane.rest.next();
    if (next.done === true) return null;
    const candidate = next.value;
    if (candidate.notBeforeMs > request.nowMs) continue;
    if (request.inQueue.has(jobIdOf({ ...candidate.ref, attempt: candidate.attempt, step: candidate.step }))) continue;
    if (!limits.take(path, candidate.step)) continue;
    return candidate;
  }
}

/** Counts what is in the queue against every limit row that names it; a job needs room in all of them. */
class Limits {
  readonly #rows: { test: PatternTest; max: number; held: number }[];
  readonly #heldByTable = new Map<string, number>();
  readonly #rowsOfPath = new Map<string, { max: number; held: number }[]>();

  constructor(request: Pick<WindowRequest, 'tables' | 'inQueue' | 'limits'>) {
    this.#rows = request.limits.map(({ pattern, max }) => ({ test: patternTest(pattern), max, held: 0 }));
    const pathOf = new Map(request.tables.map((table) => [table.tableId, table.path]));
    for (const id of request.inQueue) {
      const { tableId, step } = jobIdParts(id);
      this.#heldByTable.set(tableId, (this.#heldByTable.get(tableId) ?? 0) + 1);
      const path = pathOf.get(tableId);
      if (path !== undefined) for (const row of this.#rowsFor(path, step)) row.held++;
    }
  }

  heldBy(tableId: string): number {
    return this.#heldByTable.get(tableId) ?? 0;
  }

  hasRoom(path: string, step: string): boolean {
    return this.#rowsFor(path, step).every((row) => row.held < row.max);
  }

  take(path: string, step: string): boolean {
    if (!this.hasRoom(path, step)) return false;
    for (const row of this.#rowsFor(path, step)) row.held++;
    return true;
  }

  #rowsFor(path: string, step: string): { max: number; held: number }[] {
    const full = `${path}::${step}`;
    let rows = this.#rowsOfPath.get(full);
    if (rows === undefined) {
      rows = this.#rows.filter((row) => row.test.test(full));
      this.#rowsOfPath.set(full, rows);
    }
    return rows;
  }
}

/** The table and step of a job id: jobIdOf turned round. */
function jobIdParts(id: string): { tableId: string; step: string } {
  const match = /^(.*)-g\d+-c\d+-a\d+-([a-z]+)$/s.exec(id);
  return { tableId: match?.[1] ?? id, step: match?.[2] ?? '' };
}

/**
 * Waiting jobs that what is set now would not let in again: of each limit the ones that came last. Jobs that run are
 * never called back, they count against the limits first.
 */
export function surplusJobs(request: {
  tables: readonly Pick<TableCandidates, 'tableId' | 'path'>[];
  running: readonly string[];
  /** First in the queue first. */
  waiting: readonly string[];
  limits: readonly LimitRow[];
}): string[] {
  const tables = request.tables.map((table) => ({ ...table, priority: 1, candidates: [] }));
  const limits = new Limits({ tables, inQueue: new Set(request.running), limits: request.limits });
  const pathOf = new Map(tables.map((table) => [table.tableId, table.path]));
  return request.waiting.filter((id) => {
    const { tableId, step } = jobIdParts(id);
    const path = pathOf.get(tableId);
    return path !== undefined && !limits.take(path, step);
  });
}
