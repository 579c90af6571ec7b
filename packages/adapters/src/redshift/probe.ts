import { earliest, type Fingerprint, LakehaulError, MAX_ROW_TEXT_BYTES, must } from '@lakehaul/core';
import { emptyFingerprint } from '@lakehaul/fingerprint';
import type { ProbeAnswer, ProbeChunk, ProbeRequest } from '../ports.ts';
import type { RedshiftOptions } from './options.ts';
import { type ProbeUnit, probeUnits } from './probe-sql.ts';
import type { Statements } from './statements.ts';
import { joinFingerprints } from './unload-sql.ts';
import { SNAPSHOT_TIME } from './write-history-sql.ts';

const SNAPSHOT_SQL = `SELECT ${SNAPSHOT_TIME}`;

export function renderProbe(request: ProbeRequest, options: Pick<RedshiftOptions, 'statements'>): string[] {
  return probeUnits(request, options).flatMap((unit) => [SNAPSHOT_SQL, ...unit.statements.map(({ sql }) => sql)]);
}

type Rows = readonly (readonly (string | null)[])[];

/** What one unit's scans say: sums of its chunks, and which of them have a row that is too long to be joined. */
interface UnitAnswer {
  snapshotAt: string;
  answers: readonly Rows[];
  scans: number;
  /** Place, count and longest row of each chunk; null where no row was too long for the engine. */
  measured: Rows | null;
}

/** One scan after the other: a probe is a guest at the source. The answer speaks for the earliest of its snapshots. */
export async function probe(
  statements: Statements,
  options: Pick<RedshiftOptions, 'statements'>,
  request: ProbeRequest,
  signal?: AbortSignal,
): Promise<ProbeAnswer> {
  const snapshots: string[] = [];
  const sums = new Map<number, Fingerprint>();
  const tooLong = new Set<number>();
  let strayRows = 0n;
  let rowsScanned = 0n;
  let scans = 0;
  for (const unit of probeUnits(request, options)) {
    const answer = await askUnit(statements, unit, signal);
    snapshots.push(answer.snapshotAt);
    scans += answer.scans;
    const read = readUnit(unit, answer, sums, tooLong);
    strayRows += read.stray;
    rowsScanned += read.rows * BigInt(answer.scans);
  }
  const snapshotAt = earliest(snapshots);
  if (snapshotAt === null) throw new LakehaulError('INTERNAL', 'a probe of no chunk');
  return { snapshotAt, sums, tooLong, strayRows: strayRows.toString(), scans, rowsScanned: rowsScanned.toString() };
}

/**
 * A row whose joined text no VARCHAR holds may fail the whole scan. The chunks were proven in that form, so whoever has such
 * a row now has changed: they are found by length alone, and the others' sums come from a scan that leaves such rows out.
 */
async function askUnit(statements: Statements, unit: ProbeUnit, signal?: AbortSignal): Promise<UnitAnswer> {
  const ask = async (sql: readonly string[]): Promise<{ snapshotAt: string; rows: readonly Rows[] }> => {
    const [snapshot, ...rows] = await statements.query('probe', [SNAPSHOT_SQL, ...sql], signal);
    return { snapshotAt: must(snapshot?.[0]?.[0], 'snapshot of a probe'), rows };
  };
  const textsOf = (each: readonly { sql: string }[]) => each.map(({ sql }) => sql);
  try {
    const { snapshotAt, rows } = await ask(textsOf(unit.statements));
    return { snapshotAt, answers: rows, scans: unit.statements.length, measured: null };
  } catch (error) {
    if (!(error instanceof LakehaulError) || error.code !== 'ROW_TOO_LONG' || unit.withoutLong === null) throw error;
    const { measureSql, statements: shorter } = unit.withoutLong;
    const { snapshotAt, rows } = await ask([measureSql, ...textsOf(shorter)]);
    const [measured, ...answers] = rows;
    return { snapshotAt, answers, scans: shorter.length + 1, measured: must(measured, 'lengths of a probe') };
  }
}

/** Rows within the unit's bound, and those of them that no chunk of it claims. */
function readUnit(
  unit: ProbeUnit,
  { answers, measured }: UnitAnswer,
  sums: Map<number, Fingerprint>,
  tooLong: Set<number>,
): { rows: bigint; stray: bigint } {
  const groups = unit.statements.reduce((total, each) => total + each.groups, 0);
  // GROUP BY says nothing of a chunk without rows.
  for (const chunk of unit.chunks) sums.set(chunk.number, emptyFingerprint(groups));
  const counted: { chunk: ProbeChunk | undefined; rowCount: string }[] = [];
  for (const { bucket, fingerprint } of joinFingerprints(answers)) {
    const chunk = bucket === null ? undefined : unit.chunkOf.get(bucket);
    counted.push({ chunk, rowCount: fingerprint.rowCount });
    if (chunk !== undefined) sums.set(chunk.number, fingerprint);
  }
  const lengths = measured?.map(([place, rowCount, longest]) => ({
    chunk: place == null ? undefined : unit.chunkOf.get(Number(place)),
    rowCount: must(rowCount, 'count of a probe'),
    longest: BigInt(must(longest, 'length of a probe')),
  }));
  for (const { chunk, rowCount, longest } of lengths ?? []) {
    if (chunk === undefined || longest <= MAX_ROW_TEXT_BYTES) continue;
    tooLong.add(chunk.number);
    sums.set(chunk.number, { rowCount, groups: [] });
  }
  let rows = 0n;
  let stray = 0n;
  // The scan that leaves long rows out cannot count them.
  for (const { chunk, rowCount } of lengths ?? counted) {
    rows += BigInt(rowCount);
    if (chunk === undefined) stray += BigInt(rowCount);
  }
  return { rows, stray };
}
