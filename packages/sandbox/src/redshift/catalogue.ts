import type { DuckDBConnection } from '@duckdb/node-api';
import type { Engine } from '../contracts.ts';
import { SOURCE_CATALOG } from '../engine.ts';
import { MACROS, type SqlType } from '../sql/index.ts';
import { quoteLiteral, quoteName } from './quote.ts';
import type { RedshiftSwitches } from './switches.ts';

/** Schema of the attached database that keeps what Redshift's catalogue knows and DuckDB's does not. */
export const OWN_SCHEMA = `${SOURCE_CATALOG}.__redshift`;

export interface Attribute {
  number: number;
  name: string;
  type: SqlType;
  isNotNull: boolean;
  /** Engine expression; null without a default. */
  defaultSql: string | null;
  encoding: string;
  isDistKey: boolean;
  /** 1-based place in the sort key, negative in an interleaved one (as pg_attribute.attsortkeyord), 0 otherwise. */
  sortKeyOrdinal: number;
  /** `seed,step` or null. */
  identity: string | null;
  isPrimaryKey: boolean;
  /** True under COLLATE CASE_INSENSITIVE. */
  isCaseInsensitive: boolean;
}

export interface Relation {
  oid: number;
  schema: string;
  name: string;
  kind: 'table' | 'view' | 'external';
  distStyle: string;
  sortStyle: 'none' | 'compound' | 'interleaved' | 'auto';
  viewText: string | null;
  location: string | null;
  hasRowSecurity: boolean;
  hasMasking: boolean;
  attributes: Attribute[];
}

export interface Catalogue {
  nextOid(): number;
  readonly switches: RedshiftSwitches;
}

const SETUP = [
  `CREATE SCHEMA IF NOT EXISTS ${OWN_SCHEMA}`,
  `CREATE TABLE IF NOT EXISTS ${OWN_SCHEMA}.namespaces (oid BIGINT, name VARCHAR)`,
  `CREATE TABLE IF NOT EXISTS ${OWN_SCHEMA}.relations (oid BIGINT, schema_name VARCHAR, name VARCHAR, kind VARCHAR,
     dist_style VARCHAR, sort_style VARCHAR, view_text VARCHAR, location VARCHAR, created_at TIMESTAMP)`,
  `CREATE TABLE IF NOT EXISTS ${OWN_SCHEMA}.attributes (relation BIGINT, number INTEGER, name VARCHAR, type VARCHAR,
     type_oid BIGINT, type_modifier BIGINT, type_text VARCHAR, is_not_null BOOLEAN, default_sql VARCHAR, encoding VARCHAR,
     is_dist_key BOOLEAN, sort_key_ordinal INTEGER, identity VARCHAR, is_primary_key BOOLEAN, is_case_insensitive BOOLEAN)`,
  `CREATE TABLE IF NOT EXISTS ${OWN_SCHEMA}.policies (kind VARCHAR, name VARCHAR, relation BIGINT, column_name VARCHAR,
     grantee VARCHAR, is_enabled BOOLEAN)`,
  `CREATE TABLE IF NOT EXISTS ${OWN_SCHEMA}.grants (relation BIGINT, privilege VARCHAR, identity VARCHAR, identity_type VARCHAR)`,
  `CREATE TABLE IF NOT EXISTS ${OWN_SCHEMA}.procedures (oid BIGINT, schema_name VARCHAR, name VARCHAR, kind VARCHAR, source VARCHAR)`,
];

/** Creates the own tables and schema `public` when the database is new. */
export async function openCatalogue(engine: Engine, switches: RedshiftSwitches): Promise<Catalogue> {
  const { connection, release } = await engine.acquire();
  try {
    for (const sql of SETUP) await connection.run(sql);
    await connection.run(`USE ${OWN_SCHEMA}`);
    for (const macro of MACROS) await connection.run(macro);
    const found = await connection.runAndReadAll(
      `SELECT greatest(100000, max(n.oid), coalesce((SELECT max(oid) FROM ${OWN_SCHEMA}.relations), 0),
         coalesce((SELECT max(oid) FROM ${OWN_SCHEMA}.procedures), 0)) FROM ${OWN_SCHEMA}.namespaces n`,
    );
    // User objects begin at 100000, as on a real cluster.
    let oid = Number(found.getRows()[0]?.[0] ?? 100_000);
    const nextOid = (): number => {
      oid += 1;
      return oid;
    };
    if ((await findNamespace(connection, 'public')) === null) await insertNamespace(connection, nextOid(), 'public');
    return { nextOid, switches };
  } finally {
    release();
  }
}

export async function rows(connection: DuckDBConnection, sql: string): Promise<Record<string, unknown>[]> {
  return (await connection.runAndReadAll(sql)).getRowObjects() as Record<string, unknown>[];
}

export async function findNamespace(connection: DuckDBConnection, name: string): Promise<number | null> {
  const found = await rows(connection, `SELECT oid FROM ${OWN_SCHEMA}.namespaces WHERE name = ${quoteLiteral(name)}`);
  return found[0] ? Number(found[0]['oid']) : null;
}

/** `public` is DuckDB's own schema of that name in the attached database; nothing of ours lives in `main`. */
export async function insertNamespace(connection: DuckDBConnection, oid: number, name: string): Promise<void> {
  await connection.run(`CREATE SCHEMA IF NOT EXISTS ${SOURCE_CATALOG}.${quoteName(name)}`);
  await connection.run(`INSERT INTO ${OWN_SCHEMA}.namespaces VALUES (${oid}, ${quoteLiteral(name)})`);
}

export async function findRelation(
  connection: DuckDBConnection,
  schema: string,
  name: string,
): Promise<Relation | null> {
  const [found] = await rows(
    connection,
    `SELECT r.*, EXISTS (SELECT 1 FROM ${OWN_SCHEMA}.policies p WHERE p.relation = r.oid AND p.kind = 'rls') AS has_rls,
       EXISTS (SELECT 1 FROM ${OWN_SCHEMA}.policies p WHERE p.relation = r.oid AND p.kind = 'masking') AS has_masking
     FROM ${OWN_SCHEMA}.relations r WHERE r.schema_name = ${quoteLiteral(schema)} AND r.name = ${quoteLiteral(name)}`,
  );
  if (!found) return null;
  const attributes = await rows(
    connection,
    `SELECT * FROM ${OWN_SCHEMA}.attributes WHERE relation = ${Number(found['oid'])} ORDER BY number`,
  );
  return {
    oid: Number(found['oid']),
    schema,
    name,
    kind: found['kind'] as Relation['kind'],
    distStyle: String(found['dist_style']),
    sortStyle: found['sort_style'] as Relation['sortStyle'],
    viewText: found['view_text'] as string | null,
    location: found['location'] as string | null,
    hasRowSecurity: found['has_rls'] === true,
    hasMasking: found['has_masking'] === true,
    attributes: attributes.map(readAttribute),
  };
}

function readAttribute(row: Record<string, unknown>): Attribute {
  return {
    number: Number(row['number']),
    name: String(row['name']),
    type: JSON.parse(String(row['type'])) as SqlType,
    isNotNull: row['is_not_null'] === true,
    defaultSql: row['default_sql'] as string | null,
    encoding: String(row['encoding']),
    isDistKey: row['is_dist_key'] === true,
    sortKeyOrdinal: Number(row['sort_key_ordinal']),
    identity: row['identity'] as string | null,
    isPrimaryKey: row['is_primary_key'] === true,
    isCaseInsensitive: row['is_case_insensitive'] === true,
  };
}

/** The engine's name of a table. */
export function engineName(schema: string, name: string): string {
  return `${SOURCE_CATALOG}.${quoteName(schema)}.${quoteName(name)}`;
}
