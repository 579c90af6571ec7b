import { LakehaulError, type Log, type SourceColumn } from '@lakehaul/core';
import type { DiscoveredTable, NotMoved, SourceCatalogue } from '../ports.ts';
import {
  COLLATION_SQL,
  COLUMNS_SQL,
  MASKING_SQL,
  NOT_MOVED_SQL,
  type OptionalQuery,
  ROW_SECURITY_SQL,
  SUPERUSER_SQL,
  TABLE_INFO_SQL,
  TABLES_SQL,
} from './catalogue-sql.ts';
import { parseFormatType } from './format-type.ts';
import type { Statements } from './statements.ts';
import { columnListHash } from './unload-sql.ts';

type Row = (string | null)[];

/** Whole megabytes: the block size that SVV_TABLE_INFO counts in. */
const BLOCK_BYTES = 1_048_576n;

export async function discover(statements: Statements, database: string, log: Log): Promise<SourceCatalogue> {
  const [tables = [], columns = []] = await statements.query('discover', [TABLES_SQL, COLUMNS_SQL]);
  const optional = (query: OptionalQuery): Promise<Row[] | null> => rowsOrNull(statements, query, log);
  // One transaction each: a view that we may not read would take the others with it.
  const [collations, info, rowSecurity, masking, superuser] = await Promise.all([
    optional(COLLATION_SQL),
    optional(TABLE_INFO_SQL),
    optional(ROW_SECURITY_SQL),
    optional(MASKING_SQL),
    optional(SUPERUSER_SQL),
  ]);
  const seesAll = superuser?.[0]?.[0] === '1';
  const facts: Facts = {
    columns: groupByFirst(columns),
    caseInsensitive: new Set((collations ?? []).map((row) => row.join('\0'))),
    info: new Map((info ?? []).map((row) => [row[0] ?? '', row])),
    rowSecurity: new Set((rowSecurity ?? []).map((row) => row.join('\0'))),
    masking: new Set((masking ?? []).map((row) => row.join('\0'))),
  };
  const [notMoved, unreadable] = await readNotMoved(optional);
  for (const [name, answer] of [
    ['row-level security', rowSecurity],
    ['masking', masking],
  ] as const)
    if (answer === null || (answer.length === 0 && !seesAll))
      // Not knowing is part of the evidence: both engines would agree on rows that a policy lets us see.
      notMoved.push({
        kind: 'policy',
        name: `(${name})`,
        detail: 'not readable: whether policies hide rows from us is unknown, only a superuser sees all of them',
      });
  notMoved.push(...unreadable);
  return { tables: tables.map((row) => discoveredTable(database, row, facts)), notMoved };
}

interface Facts {
  columns: Map<string, Row[]>;
  caseInsensitive: ReadonlySet<string>;
  info: Map<string, Row>;
  rowSecurity: ReadonlySet<string>;
  masking: ReadonlySet<string>;
}

function discoveredTable(database: string, row: Row, facts: Facts): DiscoveredTable {
  const [schema = '', table = '', oid = ''] = row.map((value) => value ?? '');
  const columnRows = facts.columns.get(oid) ?? [];
  const columns = columnRows.map((each) => sourceColumn(oid, each, facts));
  const info = facts.info.get(oid);
  const isPolicied = (set: ReadonlySet<string>): boolean => set.has(`${schema}\0${table}`);
  return {
    name: { database, schema, table },
    oid,
    columns,
    columnListHash: columnListHash(columnRows.map((each) => [oid, each[2] ?? null, each[3] ?? null])),
    estimatedRows: info?.[1] == null ? null : BigInt(info[1]),
    estimatedBytes: info?.[2] == null ? null : BigInt(info[2]) * BLOCK_BYTES,
    sortKeyStyle: sortKeyStyle(columns, info?.[3] ?? null),
    hasRowSecurity: isPolicied(facts.rowSecurity),
    hasMasking: isPolicied(facts.masking),
  };
}

function sourceColumn(oid: string, row: Row, facts: Facts): SourceColumn {
  const [, number, name, type, isNotNull, sortKeyPosition, isDistKey] = row.map((value) => value ?? '');
  return {
    name: name ?? '',
    ordinal: Number(number),
    type: parseFormatType(type ?? ''),
    nullable: isNotNull !== '1',
    sortKeyPosition: Number(sortKeyPosition),
    isDistKey: isDistKey === '1',
    isCaseInsensitive: facts.caseInsensitive.has(`${oid}\0${number}`),
  };
}

function sortKeyStyle(columns: readonly SourceColumn[], sortKey1: string | null): DiscoveredTable['sortKeyStyle'] {
  if (sortKey1?.startsWith('AUTO(') === true) return 'auto';
  if (columns.some((column) => column.sortKeyPosition < 0)) return 'interleaved';
  return columns.some((column) => column.sortKeyPosition > 0) ? 'compound' : 'none';
}

async function readNotMoved(
  optional: (query: OptionalQuery) => Promise<Row[] | null>,
): Promise<[NotMoved[], NotMoved[]]> {
  const found: NotMoved[] = [];
  const unreadable: NotMoved[] = [];
  for (const query of NOT_MOVED_SQL) {
    const rows = await optional(query);
    if (rows === null)
      unreadable.push({
        kind: query.kind,
        name: `(${query.name})`,
        detail: 'not readable: they may exist and are not listed',
      });
    for (const row of rows ?? []) {
      const detail = row[1] ?? '';
      const isIdentity = query.kind === 'default' && /identity/i.test(detail);
      found.push({ kind: isIdentity ? 'identity' : query.kind, name: row[0] ?? '', detail });
    }
  }
  return [found, unreadable];
}

/** Null when the view is denied or unknown to this cluster; everything else is an error. */
async function rowsOrNull(statements: Statements, query: OptionalQuery, log: Log): Promise<Row[] | null> {
  try {
    return (await statements.query('discover', [query.sql]))[0] ?? [];
  } catch (error) {
    const isRefused =
      error instanceof LakehaulError &&
      (error.code === 'PERMISSION_DENIED' ||
        error.code === 'TABLE_MISSING' ||
        error.code === 'SOURCE_STATEMENT_FAILED');
    if (!isRefused) throw error;
    log.warn('catalogue not readable', { what: query.name, reason: error.message });
    return null;
  }
}

function groupByFirst(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = row[0] ?? '';
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}
