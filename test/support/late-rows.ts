/**
 * Change at the source among many proven chunks, end to end: 3 late rows, 1 update, 1 delete and 1 moved key. Told is what
 * each step of it said and cost; the test and the bench hold it against what has to be true.
 */

import { must, type TablePlan } from '@lakehaul/core';
import { readLedger, type Session } from '@lakehaul/fleet';
import { statusReport } from '@lakehaul/operate';
import { probeTable, provenChunks, type WatchResult, watchOnce } from '@lakehaul/planner';
import { watchDeps } from '../../packages/cli/src/fleet-watch.ts';
import { driver } from './drive.ts';
import type { Comparison } from './oracle.ts';
import { type SmallTable, smallTable } from './small-table.ts';
import type { World } from './world.ts';

/** Evidence and its reasons; what no haul can settle (performance, queries) left out. */
export interface Evidence {
  evidence: 'PASS' | 'FAIL';
  codes: string[];
}

export interface LateRows {
  chunks: number;
  rows: number;
  /** Of a probe while nothing had changed: what it opened. */
  reopenedUnchanged: number;
  /** The chunks that the six changes touch, by the plan's ranges, and those that the probe opened. */
  touched: number[];
  reopened: number[];
  /** Chunks whose proof is not of their first attempt, at the end. */
  swapped: number[];
  before: Evidence;
  /** After the write log was read, before any probe. */
  written: Evidence;
  probed: Evidence;
  after: Evidence;
  /** Source and target as the oracle sees them before the swap and after it. */
  stale: Comparison;
  end: Comparison;
  scans: number;
  /** Statements of the probe that the source's own history tells of. */
  scansInHistory: number;
  rowsScanned: string;
  amplification: number;
  seconds: { haul: number; look: number; probe: number; swap: number };
}

const ROWS_PER_CHUNK = 2;
/** SVV_TABLE_INFO counts in megabytes: a table this small has one. */
const TABLE_BYTES = 1_048_576;

export async function lateRowsAmong(
  world: World,
  chunks: number,
  tell: (text: string) => void = () => undefined,
): Promise<LateRows> {
  const rows = (chunks - 1) * ROWS_PER_CHUNK;
  const rowBytes = Math.floor(TABLE_BYTES / rows);
  const table = await smallTable(world, {
    rows,
    defaults: { level: 'carried', chunkBytes: `${rowBytes * ROWS_PER_CHUNK}B` },
  });
  const { session } = table;
  const plan = must((await session.ledger.readPlans())[0], 'plan');
  tell(`${plan.chunkCount} chunks of ${rows} rows planned`);
  const haul = await timed(() => driver(session).drive({ lanes: 4 }));
  tell(`hauled and proven in ${haul.seconds} s: ${haul.value.done} of ${haul.value.chunks}`);
  const before = await evidence(session);
  const unchanged = await probeNow(session);
  tell(`probed unchanged: ${unchanged.reopened.length} reopened`);

  const touched = await change(world, table, plan);
  const quiet = await timed(() => look(session, 3_600_000));
  const written = await evidence(session);
  const stale = await world.judge({ schema: 'f', table: table.name });
  const statements = await probesInHistory(world);
  const found = await timed(() => look(session, 0));
  const probe = must(found.value.tables[0]?.probe, 'probe of the written table');
  const probed = await evidence(session);
  tell(`probed in ${found.seconds} s: ${probe.reopened.length} reopened`);
  const swap = await timed(() => driver(session).drive());
  return {
    chunks: plan.chunkCount,
    rows,
    reopenedUnchanged: unchanged.reopened.length,
    touched,
    reopened: ascending(probe.reopened.map((each) => each.chunk)),
    swapped: await swapped(session, plan),
    ...{ before, written, probed, after: await evidence(session), stale },
    end: await world.judge({ schema: 'f', table: table.name }),
    scans: probe.record.body.scans,
    scansInHistory: (await probesInHistory(world)) - statements,
    rowsScanned: probe.record.body.rowsScanned,
    amplification: probe.record.body.amplification,
    seconds: { haul: haul.seconds, look: quiet.seconds, probe: found.seconds, swap: swap.seconds },
  };
}

/** What is not as it has to be; empty when all is. */
export function faultsOf(seen: LateRows): string[] {
  const faults: string[] = [];
  const hold = (isTrue: boolean, what: string) => void (isTrue || faults.push(what));
  const same = (a: readonly number[], b: readonly number[]) => a.join() === b.join();
  hold(seen.reopenedUnchanged === 0, `${seen.reopenedUnchanged} chunks were opened although nothing had changed`);
  hold(same(seen.reopened, seen.touched), `opened ${seen.reopened.join()}, touched ${seen.touched.join()}`);
  hold(same(seen.swapped, seen.touched), `swapped ${seen.swapped.join()}, touched ${seen.touched.join()}`);
  hold(seen.before.evidence === 'PASS', `before: ${seen.before.codes.join()}`);
  hold(seen.written.codes.includes('SOURCE_WRITTEN'), `written: ${seen.written.evidence} ${seen.written.codes.join()}`);
  hold(seen.probed.codes.includes('CHUNKS_NOT_PROVEN'), `probed: ${seen.probed.evidence} ${seen.probed.codes.join()}`);
  hold(seen.after.evidence === 'PASS', `after: ${seen.after.codes.join()}`);
  hold(seen.stale.missing > 0n && seen.stale.extra > 0n, 'the oracle saw no change before the swap');
  hold(isEqual(seen.end, BigInt(seen.rows) + 2n), 'source and target differ in the end');
  hold(
    seen.scans === seen.scansInHistory,
    `${seen.scans} scans counted, ${seen.scansInHistory} in the source’s history`,
  );
  return faults;
}

/** Three rows more and one less. */
function isEqual(end: Comparison, rows: bigint): boolean {
  return end.missing === 0n && end.extra === 0n && end.sourceRows === rows && end.targetRows === rows;
}

/** Ids are 0, 1, 2 …, two of them a chunk; changes lie far apart, so that each touches a chunk of its own. */
async function change(world: World, table: SmallTable, plan: TablePlan): Promise<number[]> {
  const name = `f.${table.name}`;
  const ids = table.rows;
  const at = (part: number) => Math.floor(ids * part);
  const late = [at(0.1), null, ids + 5_000];
  const [updated, deleted, from, to] = [at(0.3), at(0.5), at(0.6), at(0.8)];
  await world.redshift.run(
    `INSERT INTO ${name} VALUES ${late.map((id) => `(${id === null ? 'NULL' : id}, 'late')`).join(', ')}`,
  );
  await world.redshift.run(`UPDATE ${name} SET name = 'other' WHERE id = ${updated}`);
  await world.redshift.run(`DELETE FROM ${name} WHERE id = ${deleted}`);
  await world.redshift.run(`UPDATE ${name} SET id = ${to} WHERE id = ${from}`);
  const touched: number[] = [];
  for (const id of [...late, updated, deleted, from, to]) touched.push(await chunkOf(table.session, plan, id));
  return ascending(touched);
}

/** The chunk of a key by the plan's ranges. */
export async function chunkOf(session: Session, plan: TablePlan, id: number | null): Promise<number> {
  for await (const chunk of session.ledger.chunks(plan)) {
    const [part] = chunk.parts;
    if (part?.kind === 'null' && id === null) return chunk.number;
    if (part?.kind !== 'range' || id === null) continue;
    if ((part.from === null || id >= Number(part.from)) && (part.to === null || id < Number(part.to)))
      return chunk.number;
  }
  throw new Error(`no chunk of ${id}`);
}

/** One look: a sample of the history, and a probe of what was written unless it was probed so short ago. */
export async function look(session: Session, probeEveryMs = 0): Promise<WatchResult> {
  const { plans, scan } = await readLedger(session.ledger);
  return watchOnce(watchDeps(session, session.ledger, scan, probeEveryMs), plans);
}

/** As `lakehaul verify --source` does it: whether anybody wrote or not. */
export async function probeNow(session: Session) {
  const { plans, scan } = await readLedger(session.ledger);
  const deps = watchDeps(session, session.ledger, scan, 0);
  await scan.refresh();
  return probeTable(deps, plans, must(await provenChunks(deps, plans), 'all chunks proven'), 'asked for by a test');
}

export async function evidence(session: Session): Promise<Evidence> {
  const { plans, scan } = await readLedger(session.ledger);
  const { decision } = await statusReport(session.ledger, plans, scan, session.config.watch);
  return {
    evidence: decision.evidence,
    codes: decision.reasons.map((reason) => reason.code).filter((code) => !/PERFORMANCE|QUERIES/.test(code)),
  };
}

/** What the source itself has seen of our probes. */
async function probesInHistory(world: World): Promise<number> {
  const answer = await world.redshift.run(
    "SELECT COUNT(*) FROM sys_query_history WHERE query_text LIKE 'SELECT lakehaul_chunk%'",
  );
  return Number(answer.rows[0]?.[0]);
}

async function swapped(session: Session, plan: TablePlan): Promise<number[]> {
  const { scan } = await readLedger(session.ledger);
  const found: number[] = [];
  scan.forEach(plan, (chunk, state) => {
    if (state.attempt !== 1) found.push(chunk);
  });
  return found;
}

function ascending(numbers: readonly number[]): number[] {
  return [...numbers].sort((a, b) => a - b);
}

async function timed<T>(act: () => Promise<T>): Promise<{ value: T; seconds: number }> {
  const startedMs = performance.now();
  const value = await act();
  return { value, seconds: Math.round((performance.now() - startedMs) / 100) / 10 };
}
