import { LakehaulError, type RowPredicate, type SourceColumn, type SourceTableName } from '@lakehaul/core';
import type { HistogramQuestion } from '../ports.ts';
import { quoteName, quoteTable } from './identifier.ts';
import { textSql, whereSql } from './measure.ts';
import { keyLiteral } from './predicate.ts';
import type { Statements } from './statements.ts';

/** Branches of the CASE tree, where integers of 64 bits do not hold the key space. */
const TREE_BUCKETS = 256;
const LARGEST_BIGINT = 2n ** 63n - 1n;

/**
 * Rows in equal-width half-open parts of [from, to). Where the key space is wider than BIGINT, fewer parts than asked for
 * are answered, as wide as that number of parts makes them.
 */
export async function histogram(
  statements: Statements,
  table: SourceTableName,
  question: HistogramQuestion,
): Promise<bigint[]> {
  const { column, from, to } = question;
  const isWide = isWiderThanBigint(column, from, to);
  const buckets = isWide ? Math.min(question.buckets, TREE_BUCKETS) : question.buckets;
  const bucket = isWide ? treeSql({ ...question, buckets }) : divisionSql(question);
  const within: RowPredicate = {
    ...question.predicate,
    parts: [...question.predicate.parts, { kind: 'range', column: column.name, from, to }],
  };
  const sql = `SELECT CAST(bucket AS VARCHAR(20)), CAST(COUNT(*) AS VARCHAR(20)) FROM (
SELECT ${bucket} AS bucket FROM ${quoteTable(table)} t WHERE ${whereSql(within, [column])}) AS b GROUP BY bucket`;
  const [rows = []] = await statements.query('histogram', [sql]);
  const counts: bigint[] = new Array<bigint>(buckets).fill(0n);
  for (const [index, count] of rows) {
    const at = Number(index);
    if (index == null || !(at >= 0 && at < buckets))
      throw new LakehaulError('INTERNAL', `bucket ${index} of ${buckets}`);
    counts[at] = BigInt(count ?? '0');
  }
  return counts;
}

function isWiderThanBigint(column: SourceColumn, from: string, to: string): boolean {
  const { type } = column;
  if (type.kind === 'decimal') return type.precision > 18;
  return type.kind === 'bigint' && BigInt(to) - BigInt(from) + 4096n > LARGEST_BIGINT;
}

/** BIGINT divided by BIGINT is cut to a whole number in Redshift; all operands are at least 0 here. */
function divisionSql({ column, from, to, buckets }: HistogramQuestion): string {
  const low = ordinalSql(column, keyLiteral(column.type, from));
  const high = ordinalSql(column, keyLiteral(column.type, to));
  return `(${ordinalSql(column, `t.${quoteName(column.name)}`)} - ${low}) / ((${high} - ${low} + ${buckets - 1}) / ${buckets})`;
}

/** The same integers as planning's key space: units of the last digit, days, microseconds. */
function ordinalSql(column: SourceColumn, value: string): string {
  const { type } = column;
  switch (type.kind) {
    case 'smallint':
    case 'integer':
    case 'bigint':
      return `CAST(${value} AS BIGINT)`;
    case 'decimal':
      return `CAST(${value} * ${10n ** BigInt(type.scale)} AS BIGINT)`;
    case 'date':
      return `CAST(DATEDIFF(day, DATE '1970-01-01', ${value}) AS BIGINT)`;
    case 'timestamp':
    case 'timestamptz':
      return `DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', ${type.kind === 'timestamptz' ? `${value} AT TIME ZONE 'UTC'` : value})`;
    default:
      throw new LakehaulError('KEY_UNUSABLE', `type ${type.kind} has no integer key space`);
  }
}

/** A balanced tree, so that a row costs log2 of the buckets in comparisons. */
function treeSql({ column, from, to, buckets }: HistogramQuestion): string {
  const scale = column.type.kind === 'decimal' ? column.type.scale : 0;
  const [low, high] = [unscaled(from, scale), unscaled(to, scale)];
  const width = (high - low + BigInt(buckets) - 1n) / BigInt(buckets);
  const name = `t.${quoteName(column.name)}`;
  const tree = (first: number, last: number): string => {
    if (first === last) return String(first);
    const middle = (first + last + 1) >> 1;
    const boundary = low + BigInt(middle) * width;
    // Rounded-up widths let the last parts begin behind the end: nothing is in them.
    if (boundary >= high) return tree(first, middle - 1);
    return `CASE WHEN ${name} < ${decimalLiteral(boundary, scale)} THEN ${tree(first, middle - 1)} ELSE ${tree(middle, last)} END`;
  };
  return tree(0, buckets - 1);
}

function unscaled(literal: string, scale: number): bigint {
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(literal) ?? [];
  if (whole === undefined) throw new LakehaulError('INTERNAL', 'a histogram bound is no decimal literal');
  const digits = BigInt(`${whole}${fraction.padEnd(scale, '0').slice(0, scale)}`);
  return sign === '-' ? -digits : digits;
}

function decimalLiteral(value: bigint, scale: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return `CAST('${value < 0n ? '-' : ''}${text}' AS DECIMAL(38,${scale}))`;
}

/** Leading characters with their rows, in the source's own order, which is that of bytes under binary collation. */
export async function textPrefixes(
  statements: Statements,
  request: {
    table: SourceTableName;
    column: SourceColumn;
    predicate: RowPredicate;
    length: number;
    limit: number;
  },
): Promise<{ prefix: string; rowCount: bigint }[]> {
  const { table, column, predicate, length, limit } = request;
  const name = `t.${quoteName(column.name)}`;
  const where = whereSql(predicate, [column]);
  const sql = `SELECT prefix, CAST(COUNT(*) AS VARCHAR(20)) FROM (
SELECT LEFT(${textSql(column, name)}, ${Math.trunc(length)}) AS prefix FROM ${quoteTable(table)} t
WHERE ${name} IS NOT NULL AND (${where})) AS p GROUP BY prefix ORDER BY prefix LIMIT ${Math.trunc(limit)}`;
  const [rows = []] = await statements.query('prefixes', [sql]);
  return rows.map((row) => ({ prefix: row[0] ?? '', rowCount: BigInt(row[1] ?? '0') }));
}
