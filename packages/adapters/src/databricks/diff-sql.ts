/**
 * The multiset difference of row hashes, staged against target, and the rows behind it. On the staged side a row's hash
 * is the one that travelled from the source; on the target side it is recomputed. Groups of a wide table that did not
 * travel are recomputed from the staged values on that side; so are all of a table with VARIANT columns, except in rows
 * whose staged text is not what the source hashed: those equal no row of the target.
 */
import { type HashForm, LakehaulError, type TablePlan } from '@lakehaul/core';
import { canonicalSql, halfSql } from '@lakehaul/fingerprint';
import { movedWithPosition } from '../redshift/wire.ts';
import { textLiteral } from './identifier.ts';
import { keyColumnsOf } from './pair-differences.ts';
import { hashGroupList, hasVariants, isTextAsHashed, stagedRows, targetRows, travels } from './verify-sql.ts';

export interface DiffRequest {
  plan: TablePlan;
  hashForm: HashForm;
  chunk: number;
  attempt: number;
  version: string;
  dataUrl: string;
  fileNames: readonly string[];
}

/**
 * `missing_rows, extra_rows`: rows by multiplicity that the target lacks, and that it has beyond the staged ones (doubled
 * ones included). A changed row counts in both.
 */
export function differenceCountSelect(request: DiffRequest): string {
  const difference = differingHashes(request);
  const total = (condition: string, expression: string) =>
    `CAST(coalesce(sum(CASE WHEN ${condition} THEN ${expression} ELSE 0 END), 0) AS STRING)`;
  return `SELECT ${total('d.n_staged > d.n_target', 'd.n_staged - d.n_target')} AS missing_rows, ${total('d.n_target > d.n_staged', 'd.n_target - d.n_staged')} AS extra_rows FROM (${difference}) AS d`;
}

/**
 * Rows whose hash differs in number, of the side that has more: `side` (`source`, `target`), `row_hash`, `n_staged`, `n_target`, and
 * `v1 … vN`, the canonical text of every moved column.
 */
export function differenceRowsSelect(request: DiffRequest, limit: number): string {
  if (!Number.isSafeInteger(limit) || limit < 0) throw new LakehaulError('INTERNAL', `${limit} is no number of rows`);
  const difference = differingHashes(request);
  const columns = movedWithPosition(request.plan);
  const values = columns.map((column) => `${canonicalSql('databricks', column).text} AS v${column.position}`);
  const side = (name: string, rows: string, hash: string, more: string) =>
    `SELECT ${textLiteral(name)} AS side, d.row_hash AS row_hash, CAST(d.n_staged AS STRING) AS n_staged, CAST(d.n_target AS STRING) AS n_target, ${values.join(', ')} FROM ${rows} JOIN (${difference}) AS d ON ${hash} = d.row_hash WHERE ${more}`;
  const staged = side(
    'source',
    stagedSide(request, 's'),
    rowHashText(request, 's', 'staged'),
    'd.n_staged > d.n_target',
  );
  const target = side(
    'target',
    targetSide(request, 'r'),
    rowHashText(request, 'r', 'target'),
    'd.n_target > d.n_staged',
  );
  // By key, so that both halves of a changed row are within the limit; each side has its own, so that thousands of extra
  // rows do not hide a missing one.
  const order = [...keyColumnsOf(request.plan).map((column) => `v${column.position}`), 'row_hash'].join(', ');
  const first = (query: string, alias: string) =>
    `SELECT * FROM (SELECT * FROM (${query}) AS ${alias} ORDER BY ${order} LIMIT ${limit}) AS ${alias}${alias}`;
  return `${first(staged, 'a')} UNION ALL ${first(target, 'b')}`;
}

/** `row_hash, n_staged, n_target` where the numbers differ. */
function differingHashes(request: DiffRequest): string {
  const staged = `SELECT ${rowHashText(request, 's', 'staged')} AS row_hash, 1 AS n_staged, 0 AS n_target FROM ${stagedSide(request, 's')}`;
  const target = `SELECT ${rowHashText(request, 'r', 'target')} AS row_hash, 0 AS n_staged, 1 AS n_target FROM ${targetSide(request, 'r')}`;
  return `SELECT u.row_hash AS row_hash, sum(u.n_staged) AS n_staged, sum(u.n_target) AS n_target FROM (${staged} UNION ALL ${target}) AS u GROUP BY u.row_hash HAVING sum(u.n_staged) <> sum(u.n_target)`;
}

function targetSide(request: DiffRequest, alias: string): string {
  return targetRows({ ...request, groups: hashGroupList(request.plan, request.hashForm), alias });
}

/** With the hashes that travelled as `h<n>`; groups that did not, or not as the target has them, are recomputed. */
function stagedSide(request: DiffRequest, alias: string): string {
  const groups = hashGroupList(request.plan, request.hashForm).filter(
    (_, index) => hasVariants(request.plan) || !travels(request.plan, index),
  );
  return stagedRows({ ...request, groups, alias });
}

/** All halves of a row as one text. */
function rowHashText(request: DiffRequest, alias: string, side: 'staged' | 'target'): string {
  const { plan } = request;
  const recomputed = (name: string) => [
    halfSql('databricks', `${alias}.${name}`, 1),
    halfSql('databricks', `${alias}.${name}`, 2),
  ];
  const travelled = (index: number) => [`${alias}.h${2 * index + 1}`, `${alias}.h${2 * index + 2}`];
  const groups = hashGroupList(plan, request.hashForm);
  const isRecomputed = side === 'target' || hasVariants(plan);
  const text = joined(
    groups.flatMap(({ name }, index) => (isRecomputed || !travels(plan, index) ? recomputed(name) : travelled(index))),
  );
  if (side === 'target' || !hasVariants(plan)) return text;
  const asTravelled = joined(groups.flatMap((_, index) => (travels(plan, index) ? travelled(index) : [])));
  return `CASE WHEN ${isTextAsHashed(plan, alias)} THEN ${text} ELSE concat('other ', ${asTravelled}) END`;
}

/** A half that did not travel at all is no reason for a NULL, which no join would find. */
function joined(halves: readonly string[]): string {
  return `concat(${halves.map((half) => `coalesce(CAST(${half} AS STRING), '')`).join(", '/', ")})`;
}
