/**
 * Many chunks in one scan: each row is given the number of its chunk by one CASE over the ranges of neighbours, and the
 * count and hash sums are grouped by it. Chunks by hash bucket come from the bucketed sums of an unload. The rows are
 * those that an UNLOAD of the same chunks would read: predicates, cut line and hashes are rendered by the same functions.
 */
import { type KeyPart, LakehaulError, MAX_ROW_TEXT_BYTES, type TablePlan } from '@lakehaul/core';
import { type HashGroup, halfSql, sumSql } from '@lakehaul/fingerprint';
import type { ProbeChunk, ProbeRequest } from '../ports.ts';
import { fingerprintSelect, maxText, namedGroups, rowBytes, sourceRows } from './fingerprint-sql.ts';
import type { RedshiftOptions } from './options.ts';
import { predicateSql } from './predicate.ts';
import { movedWithPosition } from './wire.ts';

/** One scan, or several of the same chunks where a table's hash groups do not fit one statement; one transaction. */
export interface ProbeUnit {
  chunks: ProbeChunk[];
  statements: { sql: string; groups: number }[];
  /** Place in the answer by the number that the statement gives a row. */
  chunkOf: ReadonlyMap<number, ProbeChunk>;
  /**
   * For an engine that fails at a row too long to be joined: the length and count of each chunk's rows, then the scan
   * without such rows. Null where the bucket of a row follows from its text.
   */
  withoutLong: { measureSql: string; statements: { sql: string; groups: number }[] } | null;
}

/** A CASE of 500 branches has some 60 KB; each row is compared with half of them on average. */
const CHUNKS_MAX = 500;

type Options = Pick<RedshiftOptions, 'statements'>;

export function probeUnits(request: ProbeRequest, options: Options): ProbeUnit[] {
  const groups = request.hasHashes ? namedGroups(request.plan, request.hashForm) : [];
  return neighbours(request.chunks).flatMap((chunks) => fitted(request.plan, chunks, groups, options));
}

/** Runs of chunks that one WHERE bounds: contiguous ranges of the first key column, or buckets of the same range. */
function neighbours(chunks: readonly ProbeChunk[]): ProbeChunk[][] {
  const runs: ProbeChunk[][] = [];
  for (const chunk of chunks) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    if (run !== undefined && last !== undefined && run.length < CHUNKS_MAX && isNext(last, chunk)) run.push(chunk);
    else runs.push([chunk]);
  }
  // The whole domain in one run takes the NULL keys along: no bound, one scan.
  const [first, second] = runs;
  if (runs.length === 2 && first !== undefined && second !== undefined && isWhole(first) && isNulls(second))
    return [[...first, ...second]];
  return runs;
}

function isNext(last: ProbeChunk, chunk: ProbeChunk): boolean {
  const [a, b] = [hashOf(last), hashOf(chunk)];
  if (a !== null || b !== null)
    return a !== null && b !== null && a.modulus === b.modulus && textOf(rangesOf(last)) === textOf(rangesOf(chunk));
  const [left] = last.parts;
  const [right] = chunk.parts;
  if (left === undefined || right === undefined) return false;
  if (textOf([left]) === textOf([right])) return true;
  return (
    left.kind === 'range' &&
    right.kind === 'range' &&
    left.column === right.column &&
    left.to !== null &&
    left.to === right.from
  );
}

function isWhole(run: readonly ProbeChunk[]): boolean {
  const first = run[0]?.parts[0];
  const last = run.at(-1)?.parts[0];
  return first?.kind === 'range' && last?.kind === 'range' && first.from === null && last.to === null;
}

function isNulls(run: readonly ProbeChunk[]): boolean {
  return run.every((chunk) => chunk.parts[0]?.kind === 'null' && hashOf(chunk) === null);
}

const textOf = (parts: readonly KeyPart[]): string => JSON.stringify(parts);
const rangesOf = (chunk: ProbeChunk): KeyPart[] => chunk.parts.filter((part) => part.kind !== 'hash');

function hashOf(chunk: ProbeChunk): { modulus: number; bucket: number } | null {
  return chunk.parts.find((part) => part.kind === 'hash') ?? null;
}

/** Halved until every statement is below the limit; a single chunk is split by hash group. */
function fitted(plan: TablePlan, chunks: ProbeChunk[], groups: readonly HashGroup[], options: Options): ProbeUnit[] {
  // What may have to be asked instead must fit as well.
  const isShort = ({ statements, withoutLong }: ProbeUnit) =>
    [
      ...statements,
      ...(withoutLong?.statements ?? []),
      ...(withoutLong === null ? [] : [{ sql: withoutLong.measureSql }]),
    ].every(({ sql }) => Buffer.byteLength(sql) <= options.statements.bytes);
  const together = unitOf(plan, chunks, [groups]);
  if (isShort(together)) return [together];
  const apart = unitOf(
    plan,
    chunks,
    groups.map((group) => [group]),
  );
  if (groups.length > 1 && !isShort(unitOf(plan, chunks.slice(0, 1), [groups])) && isShort(apart)) return [apart];
  // Buckets of one scan do not make a statement longer: halving would not help.
  if (chunks.length === 1 || hashOf(chunks[0] as ProbeChunk) !== null)
    throw new LakehaulError('STATEMENT_TOO_LONG', `a probe of ${plan.source.schema}.${plan.source.table} does not fit`);
  const half = Math.ceil(chunks.length / 2);
  return [
    ...fitted(plan, chunks.slice(0, half), groups, options),
    ...fitted(plan, chunks.slice(half), groups, options),
  ];
}

function unitOf(plan: TablePlan, chunks: ProbeChunk[], parts: (readonly HashGroup[])[]): ProbeUnit {
  const hash = chunks[0] === undefined ? null : hashOf(chunks[0]);
  const numberOf = (chunk: ProbeChunk, index: number) => hashOf(chunk)?.bucket ?? index;
  const sums = (groups: readonly HashGroup[], rowBytesMax?: number) => ({
    groups: groups.length,
    sql:
      hash === null
        ? caseSelect(plan, chunks, groups, rowBytesMax)
        : fingerprintSelect({
            plan,
            predicate: { parts: rangesOf(chunks[0] as ProbeChunk), cutLine: plan.cutLine },
            groups,
            buckets: hash.modulus,
          }),
  });
  const isJoined = parts.some((groups) => groups.some((group) => group.form === 'joined'));
  return {
    chunks,
    chunkOf: new Map(chunks.map((chunk, index) => [numberOf(chunk, index), chunk])),
    statements: parts.map((groups) => sums(groups)),
    withoutLong:
      hash === null && isJoined
        ? {
            measureSql: measureSelect(plan, chunks),
            statements: parts.map((groups) => sums(groups, Number(MAX_ROW_TEXT_BYTES))),
          }
        : null,
  };
}

/** Each row with its chunk's place in the unit as `lakehaul_chunk`. */
function placedRows(plan: TablePlan, chunks: readonly ProbeChunk[]) {
  const columns = plan.columns.map((column) => column.source);
  const branches = chunks.map(
    (chunk, index) => `WHEN ${predicateSql({ parts: chunk.parts, cutLine: null }, columns) ?? 'TRUE'} THEN ${index}`,
  );
  return {
    plan,
    predicate: { parts: boundOf(chunks), cutLine: plan.cutLine },
    isBucketed: false,
    extra: [`CASE ${branches.join(' ')} END AS lakehaul_chunk`],
  };
}

/** `place in the unit, count` and per group `sum1, sum2`. */
function caseSelect(
  plan: TablePlan,
  chunks: readonly ProbeChunk[],
  groups: readonly HashGroup[],
  rowBytesMax?: number,
): string {
  const rows = sourceRows({
    ...placedRows(plan, chunks),
    groups,
    columns: [],
    ...(rowBytesMax === undefined ? {} : { rowBytesMax }),
  });
  const sums = groups.flatMap((group) => [
    sumSql('redshift', halfSql('redshift', group.name, 1)),
    sumSql('redshift', halfSql('redshift', group.name, 2)),
  ]);
  return `SELECT ${['lakehaul_chunk::varchar(20)', 'COUNT(*)::varchar(20)', ...sums].join(',')} FROM ${rows.from} GROUP BY lakehaul_chunk`;
}

/** `place in the unit, count, longest joined row text in bytes`. */
function measureSelect(plan: TablePlan, chunks: readonly ProbeChunk[]): string {
  const columns = movedWithPosition(plan);
  const rows = sourceRows({ ...placedRows(plan, chunks), groups: [], columns });
  const longest = maxText(rowBytes(columns, (column) => `c${column.position}`));
  return `SELECT lakehaul_chunk::varchar(20),COUNT(*)::varchar(20),${longest} FROM ${rows.from} GROUP BY lakehaul_chunk`;
}

/** What all chunks of a run lie in, by the first key column alone: zone maps skip the rest. */
function boundOf(chunks: readonly ProbeChunk[]): KeyPart[] {
  const first = chunks[0]?.parts[0];
  const last = chunks.at(-1)?.parts[0];
  if (first === undefined || last === undefined || first.kind !== last.kind) return [];
  if (first.kind !== 'range' || last.kind !== 'range') return [first];
  return first.from === null && last.to === null
    ? [first.column === last.column ? { ...first, to: null } : first]
    : [{ kind: 'range', column: first.column, from: first.from, to: last.to }];
}
