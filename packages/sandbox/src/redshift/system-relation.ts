import type { ColumnInfo, SqlType } from '../sql/index.ts';
import { quoteName } from './quote.ts';

/**
 * The system views that the sandbox answers. A query on any other fails as on a missing relation, so that a product
 * never builds on an empty answer. `sql` is an engine query whose columns stand in the order of `columns`.
 */
export interface SystemRelation {
  schema: 'pg_catalog' | 'information_schema';
  name: string;
  columns: ColumnInfo[];
  sql: string;
  /** Filled from the process's memory before the query runs, as a temporary table. */
  fill: 'query-history' | 'transactions' | 'table-info' | 'users' | 'node-storage' | 'slices' | null;
}

const TYPES: Record<string, SqlType> = {
  text: { kind: 'varchar', length: 256 },
  long: { kind: 'varchar', length: 65535 },
  bigint: { kind: 'bigint' },
  int: { kind: 'integer' },
  small: { kind: 'smallint' },
  bool: { kind: 'boolean' },
  num: { kind: 'decimal', precision: 38, scale: 2 },
  ts: { kind: 'timestamp' },
};

/** A relation whose columns are given as `name type = engine expression` a line; the expressions select from `from`. */
export function relation(
  name: string,
  definition: string,
  from: string,
  options: { schema?: SystemRelation['schema']; fill?: SystemRelation['fill'] } = {},
): SystemRelation {
  const parts = definition
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const [, column = '', type = '', expression = ''] = /^(\S+) (\w+) = (.*)$/.exec(line) ?? [];
      return { column, type: TYPES[type] as SqlType, expression };
    });
  return {
    schema: options.schema ?? 'pg_catalog',
    name,
    columns: parts.map(({ column, type }) => ({ name: column, type })),
    sql: `(SELECT ${parts.map(({ column, type, expression }) => `CAST(${expression} AS ${engineType(type)}) AS ${quoteName(column)}`).join(', ')} FROM ${from})`,
    fill: options.fill ?? null,
  };
}

function engineType(type: SqlType): string {
  if (type.kind === 'decimal') return `DECIMAL(${type.precision},${type.scale})`;
  return type.kind === 'varchar' ? 'VARCHAR' : type.kind.toUpperCase();
}
