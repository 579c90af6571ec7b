/**
 * The nested SELECT that both engines hash rows in. From the bottom: the columns by position (`c<n>`) and the constants,
 * up to two levels of derived values, then one md5 per column group (`g<n>`). Above the bottom only our own names are
 * visible, so `SELECT *` hands them on without a chance of meeting a column's name.
 */
import type { HashForm } from '@lakehaul/core';
import { canonicalSql, constantItems, type HashColumn } from './canonical-sql.ts';
import type { SqlDialect } from './dialect.ts';
import { rowTextSql } from './row-text.ts';

export interface ColumnRead extends HashColumn {
  /** How the bottom level reads the column: a qualified name, or an expression that rebuilds the value. */
  reference: string;
}

export interface HashGroup {
  /** Name of the md5, e.g. `g1`. */
  name: string;
  columns: readonly HashColumn[];
  form: HashForm;
}

export interface LevelsRequest {
  dialect: SqlDialect;
  /** Everything that the levels above use, each once. */
  columns: readonly ColumnRead[];
  /** Further select items of the bottom level, e.g. the lineage column. */
  extra?: readonly string[];
  /** FROM … [WHERE …] of the bottom level. */
  from: string;
}

/** `(SELECT …) <alias>`: `c<n>`, derived values, ready for the canonical texts. */
export function valueLevels(request: LevelsRequest, alias: string): string {
  const texts = request.columns.map((column) => ({ column, sql: canonicalSql(request.dialect, column) }));
  const needs = [...new Set(texts.flatMap(({ sql }) => sql.needs))];
  const bottom = [
    ...texts.flatMap(({ column, sql }) => [
      `${column.reference} AS c${column.position}`,
      ...sql.bottom.map((item) => item.replace('$', () => column.reference)),
    ]),
    ...needs.flatMap((set) => constantItems(request.dialect, set)),
    ...(request.extra ?? []),
  ];
  let inner = `SELECT ${bottom.join(',')} ${request.from}`;
  const levels = [texts.flatMap(({ sql }) => sql.first), texts.flatMap(({ sql }) => sql.second)];
  for (const [depth, items] of levels.entries())
    if (items.length > 0) inner = `SELECT *,${items.join(',')} FROM (${inner}) v${depth}`;
  return `(${inner}) ${alias}`;
}

/** `(SELECT *, md5(…) AS g1, … FROM …) <alias>`. Without groups: the value levels alone. */
export function hashLevels(request: LevelsRequest & { groups: readonly HashGroup[] }, alias: string): string {
  if (request.groups.length === 0) return valueLevels(request, alias);
  const digests = request.groups.map(
    (group) => `MD5(${rowTextSql(request.dialect, group.columns, group.form)}) AS ${group.name}`,
  );
  return `(SELECT *,${digests.join(',')} FROM ${valueLevels(request, 'v')}) ${alias}`;
}

/** One 60-bit half of an md5 as BIGINT: 15 hex digits always fit, 16 do not (facts 7.1). */
export function halfSql(dialect: SqlDialect, digest: string, half: 1 | 2): string {
  const digits = `SUBSTRING(${digest},${half === 1 ? 1 : 16},15)`;
  return dialect === 'redshift' ? `STRTOL(${digits},16)` : `CAST(conv(${digits},16,10) AS BIGINT)`;
}

/** Σ of 60-bit numbers as exact text: below 2^60 · 10^13 rows it has 32 digits. Never a BIGINT sum. */
export function sumSql(dialect: SqlDialect, expression: string): string {
  const sum = `SUM(CAST(${expression} AS DECIMAL(38,0)))`;
  return dialect === 'redshift' ? `NVL(${sum},0)::varchar(40)` : `CAST(coalesce(${sum},0) AS STRING)`;
}
