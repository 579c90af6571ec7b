/**
 * The multiset difference of row hashes, staged against target, and the rows behind it. On the staged side a row's hash
 * is the one that travelled from the source; on the target side it is recomputed. Groups of a wide table that did not
 * travel are recomputed from the staged values on that side.
 */
import { type HashForm, LakehaulError, type TablePlan } from '@lakehaul/core';
import { canonicalSql, type HashGroup, halfSql, hashLevels } from '@lakehaul/fingerprint';
import { hashGroupsOf, movedWithPosition } from '../redshift/wire.ts';
import { textLiteral } from './identifier.ts';
import { stagedFiles } from './load-sql.ts';
import { rebuildSql } from './rebuild.ts';
import { hashGroupList, targetRows } from './verify-sql.ts';

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
 * Rows whose hash differs in number, both sides: `side` (`source`, `target`), `row_hash`, `n_staged`, `n_target`, and
 * `v1 … vN`, the canonical text of every moved column. Ordered by hash, so that the same limit names the same rows.
 */
export function differenceRowsSelect(request: DiffRequest, limit: number): string {
  if (!Number.isSafeInteger(limit) || limit < 0) throw new LakehaulError('INTERNAL', `${limit} is no number of rows`);
  const difference = differingHashes(request);
  const values = movedWithPosition(request.plan).map(
    (column) => `${canonicalSql('databricks', column).text} AS v${column.position}`,
  );
  const side = (name: string, rows: string, hash: string) =>
    `SELECT ${textLiteral(name)} AS side, d.row_hash AS row_hash, CAST(d.n_staged AS STRING) AS n_staged, CAST(d.n_target AS STRING) AS n_target, ${values.join(', ')} FROM ${rows} JOIN (${difference}) AS d ON ${hash} = d.row_hash`;
  const staged = side('source', stagedRows(request, 's'), rowHashText(request, 's', 'staged'));
  const target = side('target', targetSide(request, 'r'), rowHashText(request, 'r', 'target'));
  // Each side gets half of the room: a chunk with thousands of extra rows must not hide the missing ones.
  return `SELECT * FROM (SELECT * FROM (${staged}) AS a ORDER BY row_hash LIMIT ${limit}) AS x UNION ALL SELECT * FROM (SELECT * FROM (${target}) AS b ORDER BY row_hash LIMIT ${limit}) AS y`;
}

/** `row_hash, n_staged, n_target` where the numbers differ. */
function differingHashes(request: DiffRequest): string {
  const staged = `SELECT ${rowHashText(request, 's', 'staged')} AS row_hash, 1 AS n_staged, 0 AS n_target FROM ${stagedRows(request, 's')}`;
  const target = `SELECT ${rowHashText(request, 'r', 'target')} AS row_hash, 0 AS n_staged, 1 AS n_target FROM ${targetSide(request, 'r')}`;
  return `SELECT u.row_hash AS row_hash, sum(u.n_staged) AS n_staged, sum(u.n_target) AS n_target FROM (${staged} UNION ALL ${target}) AS u GROUP BY u.row_hash HAVING sum(u.n_staged) <> sum(u.n_target)`;
}

function targetSide(request: DiffRequest, alias: string): string {
  return targetRows({ ...request, groups: hashGroupList(request.plan, request.hashForm), alias });
}

/** Staged rows rebuilt as the load rebuilds them, with the hashes that travelled as `h<n>`. */
function stagedRows(request: DiffRequest, alias: string): string {
  const columns = movedWithPosition(request.plan).map((column) => ({
    position: column.position,
    type: column.type,
    reference: rebuildSql(column, 'f'),
  }));
  const { travelling } = hashGroupsOf(request.plan);
  const extra = Array.from({ length: 2 * travelling }, (_, index) => `f.h${index + 1} AS h${index + 1}`);
  const from = `FROM ${stagedFiles(request.dataUrl, request.fileNames)} AS f`;
  return hashLevels({ dialect: 'databricks', columns, extra, from, groups: recomputed(request) }, alias);
}

function recomputed(request: DiffRequest): HashGroup[] {
  return hashGroupList(request.plan, request.hashForm).slice(hashGroupsOf(request.plan).travelling);
}

/** All halves of a row as one text. */
function rowHashText(request: DiffRequest, alias: string, side: 'staged' | 'target'): string {
  const { travelling } = hashGroupsOf(request.plan);
  const halves = hashGroupList(request.plan, request.hashForm).flatMap((group, index) =>
    side === 'staged' && index < travelling
      ? [`${alias}.h${2 * index + 1}`, `${alias}.h${2 * index + 2}`]
      : [halfSql('databricks', `${alias}.${group.name}`, 1), halfSql('databricks', `${alias}.${group.name}`, 2)],
  );
  return `concat(${halves.map((half) => `CAST(${half} AS STRING)`).join(", '/', ")})`;
}
