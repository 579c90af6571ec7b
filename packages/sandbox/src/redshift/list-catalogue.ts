import type { Engine } from '../contracts.ts';
import type { SqlType } from '../sql/index.ts';
import { type Catalogue, OWN_SCHEMA, rows } from './catalogue.ts';
import { quoteLiteral } from './quote.ts';
import { describeColumns } from './results.ts';
import { invalid, notFound } from './service-error.ts';
import type { RedshiftSwitches } from './switches.ts';
import { readTarget } from './target.ts';

interface ListContext {
  engine: Engine;
  catalogue: Catalogue;
  switches: RedshiftSwitches;
}

type Input = Record<string, unknown>;

export async function listDatabases({ switches }: ListContext, input: Input): Promise<object> {
  readTarget({ ...input, Database: input['Database'] ?? switches.database }, switches);
  return { Databases: [switches.database] };
}

export async function listSchemas(context: ListContext, input: Input): Promise<object> {
  readTarget(input, context.switches);
  const found = await read(
    context,
    `SELECT name FROM ${OWN_SCHEMA}.namespaces WHERE ${like('name', input['SchemaPattern'])} ORDER BY 1`,
  );
  const { page, next } = paged(
    found.map((row) => String(row['name'])),
    input,
  );
  return { Schemas: page, ...next };
}

export async function listTables(context: ListContext, input: Input): Promise<object> {
  readTarget(input, context.switches);
  const found = await read(
    context,
    `SELECT schema_name, name, kind FROM ${OWN_SCHEMA}.relations WHERE ${like('schema_name', input['SchemaPattern'])}
       AND ${like('name', input['TablePattern'])} ORDER BY 1, 2`,
  );
  const kinds: Record<string, string> = { table: 'TABLE', view: 'VIEW', external: 'EXTERNAL TABLE' };
  const tables = found.map((row) => ({
    schema: row['schema_name'],
    name: row['name'],
    type: kinds[String(row['kind'])],
  }));
  const { page, next } = paged(tables, input);
  return { Tables: page, ...next };
}

export async function describeTable(context: ListContext, input: Input): Promise<object> {
  readTarget(input, context.switches);
  const { Schema: schema = 'public', Table: table } = input;
  if (typeof schema !== 'string' || typeof table !== 'string') throw invalid('Table must not be null.');
  const found = await read(
    context,
    `SELECT a.name, a.type, a.is_not_null, a.default_sql FROM ${OWN_SCHEMA}.attributes a JOIN ${OWN_SCHEMA}.relations r ON r.oid = a.relation
     WHERE r.schema_name = ${quoteLiteral(schema)} AND r.name = ${quoteLiteral(table)} ORDER BY a.number`,
  );
  if (found.length === 0) throw notFound(`Table ${schema}.${table} does not exist.`, table);
  const columns = describeColumns(
    found.map((row) => ({ name: String(row['name']), type: JSON.parse(String(row['type'])) as SqlType })),
  );
  const list = columns.map((column, index) => ({
    ...column,
    schemaName: schema,
    tableName: table,
    nullable: found[index]?.['is_not_null'] === true ? 0 : 1,
    ...(typeof found[index]?.['default_sql'] === 'string' ? { columnDefault: found[index]?.['default_sql'] } : {}),
  }));
  const { page, next } = paged(list, input);
  return { TableName: table, ColumnList: page, ...next };
}

async function read({ engine }: ListContext, sql: string): Promise<Record<string, unknown>[]> {
  const { connection, release } = await engine.acquire();
  try {
    return await rows(connection, sql);
  } finally {
    release();
  }
}

function like(column: string, pattern: unknown): string {
  return typeof pattern === 'string' ? `${column} LIKE ${quoteLiteral(pattern)} ESCAPE '\\'` : 'true';
}

const PAGE_MAX = 1000;

function paged<T>(all: readonly T[], input: Input): { page: T[]; next: object } {
  const size = Math.min(Number(input['MaxResults'] ?? PAGE_MAX) || PAGE_MAX, PAGE_MAX);
  const offset = Number(input['NextToken'] ?? 0) || 0;
  const end = offset + size;
  return { page: all.slice(offset, end), next: end < all.length ? { NextToken: String(end) } : {} };
}
