/** For tests: SQL of a dialect, run on an in-memory DuckDB over one small table `t`. */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { registerVariantFunctions } from '../variant/variant-functions.ts';
import type { Conjunct, Dialect, Source } from './ast.ts';
import { emitQuery } from './emit-statement.ts';
import type { EmitOptions } from './emit-types.ts';
import { MACROS } from './macros.ts';
import { parseDatabricks, parseRedshift } from './parse.ts';
import type { ColumnInfo, SqlType } from './sql-type.ts';

/** Names the same in both dialects; types as a warehouse of the dialect has them. */
const COLUMNS: [name: string, redshift: SqlType, databricks: SqlType][] = [
  ['i', { kind: 'integer' }, { kind: 'integer' }],
  ['b', { kind: 'bigint' }, { kind: 'bigint' }],
  ['s', { kind: 'varchar', length: 20 }, { kind: 'string' }],
  ['c', { kind: 'char', length: 5 }, { kind: 'string' }],
  ['d', { kind: 'double' }, { kind: 'double' }],
  ['r', { kind: 'real' }, { kind: 'real' }],
  ['n', { kind: 'decimal', precision: 10, scale: 2 }, { kind: 'decimal', precision: 10, scale: 2 }],
  ['dt', { kind: 'date' }, { kind: 'date' }],
  ['ts', { kind: 'timestamp' }, { kind: 'timestamp' }],
  ['tz', { kind: 'timestamptz' }, { kind: 'timestamptz' }],
  ['bl', { kind: 'varbyte', length: 20 }, { kind: 'binary' }],
  ['bo', { kind: 'boolean' }, { kind: 'boolean' }],
];

const DDL = `CREATE TABLE t(i INTEGER, b BIGINT, s VARCHAR, c VARCHAR, d DOUBLE, r FLOAT, n DECIMAL(10,2), dt DATE, ts TIMESTAMP, tz TIMESTAMPTZ, bl BLOB, bo BOOLEAN)`;
const ROWS = `INSERT INTO t VALUES
 (7, 9007199254740993, 'ab  ', 'ab', 2.5, 0.1, 1.50, '2020-01-31', '2020-01-31 10:59:00.000001', '2020-01-31 11:00:00+00', '\\xAB\\x00'::BLOB, true),
 (-7, -1, 'ab', 'ab', 'NaN', 'Infinity', -0.05, '1969-12-31', '1969-12-31 23:59:59.999999', '1969-12-31 23:59:59.999999+00', ''::BLOB, false),
 (NULL, NULL, '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`;

export interface TestSql extends AsyncDisposable {
  connection: DuckDBConnection;
  /** Rows of one query, all values as DuckDB's JSON form has them. */
  rows(dialect: Dialect, sql: string, options?: Partial<EmitOptions>): Promise<unknown[][]>;
  emitted(dialect: Dialect, sql: string, options?: Partial<EmitOptions>): { sql: string; columns: ColumnInfo[] };
  /** What the catalog was asked for by the last query. */
  asked: { source: Source; conjuncts: readonly Conjunct[] }[];
}

export async function openTestSql(): Promise<TestSql> {
  const instance = await DuckDBInstance.create(':memory:', { max_expression_depth: '200000' });
  const connection = await instance.connect();
  await connection.run(`SET TimeZone = 'UTC'`);
  registerVariantFunctions(connection);
  for (const statement of [...MACROS, DDL, ROWS]) await connection.run(statement);
  const asked: TestSql['asked'] = [];
  const emitted: TestSql['emitted'] = (dialect, sql, options = {}) => {
    const [statement] = dialect === 'redshift' ? parseRedshift(sql) : parseDatabricks(sql);
    if (statement?.body.kind !== 'query') throw new Error('a test query must be a query');
    asked.length = 0;
    return emitQuery(statement.body, {
      dialect,
      catalog: {
        resolve(source, conjuncts) {
          asked.push({ source, conjuncts });
          const columns = COLUMNS.map(([name, redshift, databricks]) => ({
            name,
            type: dialect === 'redshift' ? redshift : databricks,
          }));
          return { duckdbSql: '"t"', columns };
        },
      },
      ...options,
    });
  };
  return {
    connection,
    asked,
    emitted,
    async rows(dialect, sql, options) {
      const reader = await connection.runAndReadAll(emitted(dialect, sql, options).sql);
      return reader.getRowsJson();
    },
    async [Symbol.asyncDispose]() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}
