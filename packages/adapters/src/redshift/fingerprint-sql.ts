/** Relations over source rows with their hashes, and the SELECTs that sum them. All results are text. */
import { type HashForm, LakehaulError, type RowPredicate, type TablePlan } from '@lakehaul/core';
import { type HashColumn, type HashGroup, halfSql, hashLevels, rowBytesSql, sumSql } from '@lakehaul/fingerprint';
import { quoteName, quoteTable } from './identifier.ts';
import { hashParts, predicateSql } from './predicate.ts';
import { hashGroupsOf, type MovedColumn, movedWithPosition } from './wire.ts';
import { SNAPSHOT_TIME } from './write-history-sql.ts';

export interface SourceRows {
  /** `(SELECT …) r` with `c<n>`, one `g<i>` per asked group; WHERE of the hash parts included. */
  from: string;
  /** The bucket of a row for `buckets` buckets, over `r`. */
  bucketOf: (buckets: number) => string;
}

export interface SourceRowsRequest {
  plan: TablePlan;
  predicate: RowPredicate;
  groups: readonly HashGroup[];
  /** Further columns to read by position. */
  columns: readonly HashColumn[];
  isBucketed: boolean;
  /** Further items over the table's own columns. */
  extra?: readonly string[];
  /** Leaves out, where the table is read, rows whose joined text may be longer than this. */
  rowBytesMax?: number;
}

/**
 * Which bucket a row is in must not change between attempts, so it always follows from the first group's hash in the
 * plan's form, also when an attempt hashes in another one.
 */
const BUCKET_DIGEST = 'gb';

export function sourceRows(request: SourceRowsRequest): SourceRows {
  const { plan, predicate } = request;
  const parts = hashParts(predicate);
  const groups = [...request.groups];
  if (parts.length > 0 || request.isBucketed) groups.push(bucketGroup(plan));
  const positions = new Set(
    [...request.columns, ...groups.flatMap((group) => group.columns)].map((column) => column.position),
  );
  const columns = movedWithPosition(plan)
    .filter((column) => positions.has(column.position))
    .map((column) => ({
      position: column.position,
      type: column.type,
      reference: `t.${quoteName(column.plan.source.name)}`,
    }));
  const bottom = fromWhere(plan, predicate, request.rowBytesMax);
  const levels = hashLevels({ dialect: 'redshift', columns, from: bottom, groups, extra: request.extra ?? [] }, 'r');
  const bucketOf = (buckets: number) => `MOD(${halfSql('redshift', BUCKET_DIGEST, 1)},${wholeNumber(buckets)})`;
  const filter = parts.map((part) => `${bucketOf(part.modulus)}=${wholeNumber(part.bucket)}`).join(' AND ');
  return { from: parts.length === 0 ? levels : `${levels} WHERE ${filter}`, bucketOf };
}

function bucketGroup(plan: TablePlan): HashGroup {
  const [first] = hashGroupsOf(plan).groups;
  return { name: BUCKET_DIGEST, columns: first ?? [], form: plan.hashForm };
}

function wholeNumber(value: number): string {
  if (!Number.isSafeInteger(value) || value < 0) throw new LakehaulError('INTERNAL', `${value} is no bucket number`);
  return String(value);
}

/** The table's hash groups by name. */
export function namedGroups(plan: TablePlan, form: HashForm): HashGroup[] {
  return hashGroupsOf(plan).groups.map((columns, index) => ({ name: `g${index + 1}`, columns, form }));
}

/**
 * `bucket, count` and per group of the part `sum1, sum2`: one row, or one per bucket. Bucket is NULL without buckets.
 */
export function fingerprintSelect(request: {
  plan: TablePlan;
  predicate: RowPredicate;
  groups: readonly HashGroup[];
  buckets: number | null;
}): string {
  const { plan, predicate, groups, buckets } = request;
  const rows = sourceRows({ plan, predicate, groups, columns: [], isBucketed: buckets !== null });
  const sums = groups.flatMap((group) => [
    sumSql('redshift', halfSql('redshift', group.name, 1)),
    sumSql('redshift', halfSql('redshift', group.name, 2)),
  ]);
  return `SELECT ${[bucketText(rows, buckets), 'COUNT(*)::varchar(20)', ...sums].join(',')} FROM ${rows.from}${groupBy(rows, buckets)}`;
}

function bucketText(rows: SourceRows, buckets: number | null): string {
  return buckets === null ? 'NULL::varchar(20)' : `${rows.bucketOf(buckets)}::varchar(20)`;
}

function groupBy(rows: SourceRows, buckets: number | null): string {
  return buckets === null ? '' : ` GROUP BY ${rows.bucketOf(buckets)}`;
}

/** `bucket, count, longest joined row text in bytes, snapshot time`. */
export function countSelect(request: {
  plan: TablePlan;
  predicate: RowPredicate;
  buckets: number | null;
  hasHashes: boolean;
}): string {
  const { plan, predicate, buckets } = request;
  const isPlain = buckets === null && hashParts(predicate).length === 0;
  const moved = movedWithPosition(plan);
  if (isPlain) {
    const longest = request.hasHashes ? maxText(rowBytes(moved)) : "'0'";
    return `SELECT NULL::varchar(20),COUNT(*)::varchar(20),${longest},${SNAPSHOT_TIME} ${fromWhere(plan, predicate)}`;
  }
  const rows = sourceRows({ plan, predicate, groups: [], columns: moved, isBucketed: buckets !== null });
  const longest = request.hasHashes ? maxText(rowBytes(moved, (column) => `c${column.position}`)) : "'0'";
  return `SELECT ${bucketText(rows, buckets)},COUNT(*)::varchar(20),${longest},${SNAPSHOT_TIME} FROM ${rows.from}${groupBy(rows, buckets)}`;
}

function fromWhere(plan: TablePlan, predicate: RowPredicate, rowBytesMax?: number): string {
  const columns = plan.columns.map((column) => column.source);
  const filters = [predicateSql(predicate, columns)];
  if (rowBytesMax !== undefined) filters.push(`(${rowBytes(movedWithPosition(plan))})<=${wholeNumber(rowBytesMax)}`);
  const where = filters.filter((filter) => filter !== null);
  return `FROM ${quoteTable(plan.source)} t${where.length === 0 ? '' : ` WHERE ${where.join(' AND ')}`}`;
}

/** Longest joined text that a row may need, in bytes, over the table's own columns or what `reference` says. */
export function rowBytes(
  columns: readonly MovedColumn[],
  reference: (column: MovedColumn) => string = (column) => `t.${quoteName(column.plan.source.name)}`,
): string {
  return rowBytesSql(columns.map((column) => ({ ...column, reference: reference(column) })));
}

export function maxText(sql: string): string {
  return `NVL(MAX(${sql}),0)::varchar(20)`;
}
