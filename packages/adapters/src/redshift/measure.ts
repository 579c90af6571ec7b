import { LakehaulError, type RowPredicate, type SourceColumn, type SourceTableName } from '@lakehaul/core';
import { holdsInexactSql, type InexactNumber, rowBytesSql } from '@lakehaul/fingerprint';
import type { Measure } from '../ports.ts';
import { quoteName, quoteTable } from './identifier.ts';
import { hashParts, predicateSql } from './predicate.ts';
import type { Statements } from './statements.ts';

/** A select list of Redshift ends at 1,600; the bytes of a statement usually end before. */
const ITEMS_MAX = 400;
/** Room for FROM and WHERE beside the items. */
const ITEMS_BYTES = 60_000;
/** Texts of min and max are for people and for cutting by years and digits: a row of a result ends at 64 KB. */
const TEXT_CHARACTERS = 256;
const LARGEST_FINITE = '1.7976931348623157e+308';

/** Text in, text out: each measure is one item of a select list, as few scans as the statement limit allows. */
export async function measure(
  statements: Statements,
  request: {
    table: SourceTableName;
    predicate: RowPredicate;
    measures: readonly Measure[];
  },
): Promise<Map<string, string | null>> {
  const groups = inGroups(request.measures.map((each) => ({ id: each.id, sql: measureSql(each) })));
  const where = whereSql(request.predicate, request.measures.flatMap(columnsOf));
  const from = `FROM ${quoteTable(request.table)} t WHERE ${where}`;
  const queries = groups.map((group) => `SELECT ${group.map((item) => item.sql).join(',\n')}\n${from}`);
  const answers = await statements.query('measure', queries);
  const found = new Map<string, string | null>();
  for (const [index, group] of groups.entries())
    for (const [position, item] of group.entries()) found.set(item.id, answers[index]?.[0]?.[position] ?? null);
  return found;
}

/** For questions about a table's data: only a plan knows the hash that buckets are made of. */
export function whereSql(predicate: RowPredicate, columns: readonly SourceColumn[]): string {
  if (hashParts(predicate).length > 0)
    throw new LakehaulError('INTERNAL', 'a bucket of the row hash cannot be measured without a plan');
  return predicateSql(predicate, columns) ?? 'TRUE';
}

function columnsOf(measure: Measure): readonly SourceColumn[] {
  if ('column' in measure) return [measure.column];
  return 'columns' in measure ? measure.columns.map((column) => column.source) : [];
}

interface Item {
  id: string;
  sql: string;
}

function inGroups(items: readonly Item[]): Item[][] {
  const groups: Item[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const size = Buffer.byteLength(item.sql);
    const last = groups.at(-1);
    if (last === undefined || last.length >= ITEMS_MAX || bytes + size > ITEMS_BYTES) {
      groups.push([item]);
      bytes = size;
    } else {
      last.push(item);
      bytes += size;
    }
  }
  return groups;
}

const countOf = (condition: string): string => `CAST(COUNT(CASE WHEN ${condition} THEN 1 END) AS VARCHAR(20))`;

export function measureSql(measure: Measure): string {
  switch (measure.kind) {
    case 'rowCount':
      return 'CAST(COUNT(*) AS VARCHAR(20))';
    case 'maxRowBytes':
      return `CAST(MAX(${maxRowBytes(measure.columns.map((column) => column.source))}) AS VARCHAR(20))`;
    default:
      return columnMeasure(measure.kind, measure.column);
  }
}

function maxRowBytes(columns: readonly SourceColumn[]): string {
  return rowBytesSql(
    columns.map((column, index) => ({
      position: index + 1,
      type: column.type,
      reference: `t.${quoteName(column.name)}`,
    })),
  );
}

type ColumnMeasure = Exclude<Measure['kind'], 'rowCount' | 'maxRowBytes'>;

function columnMeasure(kind: ColumnMeasure, column: SourceColumn): string {
  const name = `t.${quoteName(column.name)}`;
  switch (kind) {
    case 'maxBytes':
      return `CAST(MAX(${bytesSql(column, name)}) AS VARCHAR(20))`;
    case 'nullCount':
      return countOf(`${name} IS NULL`);
    case 'minText':
      return extremeSql('MIN', column, name);
    case 'maxText':
      return extremeSql('MAX', column, name);
    case 'nonFiniteCount':
      // Whether NaN is greater than all numbers or incomparable, it is not within: both engines' views come out the same.
      return countOf(
        `${name} IS NOT NULL AND NOT COALESCE(ABS(CAST(${name} AS FLOAT8)) <= CAST('${LARGEST_FINITE}' AS FLOAT8), FALSE)`,
      );
    case 'negativeZeroCount':
      // Only its text tells -0 from 0.
      return countOf(`${name} = 0 AND LEFT(CAST(${name} AS VARCHAR(32)), 1) = '-'`);
    case 'longNumberCount':
      return countOf(jsonHolds(name, 'rounded'));
    case 'hugeNumberCount':
      return countOf(jsonHolds(name, 'outOfRange'));
    case 'outOfRangeCount':
      return countOf(outOfRange(column, name));
  }
}

/** JSON_SERIALIZE fails on what does not fit a VARCHAR; maxBytes tells of that. */
function jsonHolds(name: string, which: InexactNumber): string {
  return `CASE WHEN JSON_SIZE(${name}) <= 65535 THEN ${holdsInexactSql('redshift', `JSON_SERIALIZE(${name})`, which)} ELSE FALSE END`;
}

/** Bytes that the value has as text on the wire; VARBYTE counts its own bytes. */
function bytesSql(column: SourceColumn, name: string): string {
  switch (column.type.kind) {
    // JSON_SERIALIZE fails on what does not fit a VARCHAR, and how long it is must come out all the same.
    case 'super':
      return `JSON_SIZE(${name})`;
    case 'geometry':
    case 'geography':
      return `OCTET_LENGTH(ST_AsHexEWKB(${name}))`;
    default:
      return `OCTET_LENGTH(${name})`;
  }
}

/** CHAR loses its padding by the cast; the blanks mean nothing in comparisons. */
export function textSql(column: SourceColumn, name: string): string {
  return column.type.kind === 'char' ? `CAST(${name} AS VARCHAR(${column.type.maxBytes}))` : name;
}

function extremeSql(extreme: 'MIN' | 'MAX', column: SourceColumn, name: string): string {
  switch (column.type.kind) {
    case 'char':
    case 'varchar':
      return `LEFT(${extreme}(${textSql(column, name)}), ${TEXT_CHARACTERS})`;
    default:
      return `CAST(${extreme}(${name}) AS VARCHAR(64))`;
  }
}

function outOfRange(column: SourceColumn, name: string): string {
  switch (column.type.kind) {
    case 'date':
      return `${name} < DATE '0001-01-01' OR ${name} > DATE '9999-12-31'`;
    case 'timestamp':
      return `${name} < TIMESTAMP '0001-01-01 00:00:00' OR ${name} > TIMESTAMP '9999-12-31 23:59:59.999999'`;
    case 'timestamptz':
      return `${name} < TIMESTAMPTZ '0001-01-01 00:00:00+00' OR ${name} > TIMESTAMPTZ '9999-12-31 23:59:59.999999+00'`;
    default:
      throw new LakehaulError('INTERNAL', `${column.type.kind} has no range to be outside of`);
  }
}
