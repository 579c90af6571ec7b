import { earliest, type Fingerprint, LakehaulError, must } from '@lakehaul/core';
import { emptyFingerprint } from '@lakehaul/fingerprint';
import type { ProbeAnswer, ProbeRequest } from '../ports.ts';
import type { RedshiftOptions } from './options.ts';
import { type ProbeUnit, probeUnits } from './probe-sql.ts';
import type { Statements } from './statements.ts';
import { joinFingerprints } from './unload-sql.ts';
import { SNAPSHOT_TIME } from './write-history-sql.ts';

const SNAPSHOT_SQL = `SELECT ${SNAPSHOT_TIME}`;

export function renderProbe(request: ProbeRequest, options: Pick<RedshiftOptions, 'statements'>): string[] {
  return probeUnits(request, options).flatMap((unit) => [SNAPSHOT_SQL, ...unit.statements.map(({ sql }) => sql)]);
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
  let strayRows = 0n;
  let rowsScanned = 0n;
  let scans = 0;
  for (const unit of probeUnits(request, options)) {
    const [snapshot, ...answers] = await statements.query(
      'probe',
      [SNAPSHOT_SQL, ...unit.statements.map(({ sql }) => sql)],
      signal,
    );
    snapshots.push(must(snapshot?.[0]?.[0], 'snapshot of a probe'));
    scans += unit.statements.length;
    const read = readUnit(unit, answers, sums);
    strayRows += read.stray;
    rowsScanned += read.rows * BigInt(unit.statements.length);
  }
  const snapshotAt = earliest(snapshots);
  if (snapshotAt === null) throw new LakehaulError('INTERNAL', 'a probe of no chunk');
  return { snapshotAt, sums, strayRows: strayRows.toString(), scans, rowsScanned: rowsScanned.toString() };
}

/** Rows within the unit's bound, and those of them that no chunk of it claims. */
function readUnit(
  unit: ProbeUnit,
  answers: readonly (readonly (readonly (string | null)[])[])[],
  sums: Map<number, Fingerprint>,
): { rows: bigint; stray: bigint } {
  const groups = unit.statements.reduce((total, each) => total + each.groups, 0);
  // GROUP BY says nothing of a chunk without rows.
  for (const chunk of unit.chunks) sums.set(chunk.number, emptyFingerprint(groups));
  let rows = 0n;
  let stray = 0n;
  for (const { bucket, fingerprint } of joinFingerprints(answers)) {
    rows += BigInt(fingerprint.rowCount);
    const chunk = bucket === null ? undefined : unit.chunkOf.get(bucket);
    if (chunk === undefined) stray += BigInt(fingerprint.rowCount);
    else sums.set(chunk.number, fingerprint);
  }
  return { rows, stray };
}
