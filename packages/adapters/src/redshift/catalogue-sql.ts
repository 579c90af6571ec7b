/**
 * Catalogue queries. Everything is cast to text; pg_* are leader-node tables, which Redshift joins only with each other,
 * so SVV views are asked apart and joined here.
 */
import type { NotMoved } from '../ports.ts';

/** System schemas and the ones in which Redshift keeps automatic materialized views. */
const USER_SCHEMAS = `n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_internal', 'pg_automv', 'catalog_history', 'pg_auto_copy', 'pg_s3', 'pg_mv') AND n.nspname NOT LIKE 'pg_temp%' AND n.nspname NOT LIKE 'pg_toast%'`;

/** oid has no cast to text in Redshift, BIGINT has. */
const oid = (column: string): string => `CAST(CAST(${column} AS BIGINT) AS VARCHAR)`;

/** schema, name, oid. Tables behind materialized views are named mv_tbl__…. */
export const TABLES_SQL = `SELECT n.nspname, c.relname, ${oid('c.oid')}
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND LEFT(c.relname, 8) <> 'mv_tbl__' AND ${USER_SCHEMAS} ORDER BY 1, 2`;

/** table oid, number, name, type, not null, sort key position, is dist key */
export const COLUMNS_SQL = `SELECT ${oid('a.attrelid')}, CAST(a.attnum AS VARCHAR), a.attname, format_type(a.atttypid, a.atttypmod),
CASE WHEN a.attnotnull THEN '1' ELSE '0' END, CAST(a.attsortkeyord AS VARCHAR), CASE WHEN a.attisdistkey THEN '1' ELSE '0' END
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind = 'r' AND ${USER_SCHEMAS} ORDER BY 1, a.attnum`;

export interface OptionalQuery {
  /** What is not known when the query is refused. */
  name: string;
  sql: string;
}

/** table oid, column number. 100 is the collation CASE_INSENSITIVE; the column is not documented, hence optional. */
export const COLLATION_SQL: OptionalQuery = {
  name: 'collation of columns',
  sql: `SELECT ${oid('a.attrelid')}, CAST(a.attnum AS VARCHAR) FROM pg_catalog.pg_attribute a
WHERE a.attnum > 0 AND CAST(a.attcollation AS BIGINT) = 100`,
};

/** table oid, rows, size in MB, first sort key. Superusers only unless granted; no row for empty tables (RDG r_SVV_TABLE_INFO). */
export const TABLE_INFO_SQL: OptionalQuery = {
  name: 'SVV_TABLE_INFO',
  sql: `SELECT CAST(table_id AS VARCHAR), CAST(CAST(estimated_visible_rows AS DECIMAL(38,0)) AS VARCHAR),
CAST(size AS VARCHAR), sortkey1 FROM svv_table_info`,
};

/** schema, table */
export const ROW_SECURITY_SQL: OptionalQuery = {
  name: 'SVV_RLS_RELATION',
  sql: 'SELECT relschema, relname FROM svv_rls_relation WHERE is_rls_on',
};

export const MASKING_SQL: OptionalQuery = {
  name: 'SVV_ATTACHED_MASKING_POLICY',
  sql: 'SELECT DISTINCT schema_name, table_name FROM svv_attached_masking_policy',
};

/** Each answers name and detail. */
export const NOT_MOVED_SQL: readonly (OptionalQuery & { kind: NotMoved['kind'] })[] = [
  {
    kind: 'view',
    name: 'views',
    sql: `SELECT n.nspname || '.' || c.relname, '' FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'v' AND ${USER_SCHEMAS} ORDER BY 1`,
  },
  {
    kind: 'materialized-view',
    name: 'SVV_MV_INFO',
    sql: `SELECT schema_name || '.' || name, '' FROM svv_mv_info WHERE schema_name NOT LIKE 'pg_%' ORDER BY 1`,
  },
  {
    kind: 'external-table',
    name: 'SVV_EXTERNAL_TABLES',
    sql: `SELECT schemaname || '.' || tablename, location FROM svv_external_tables ORDER BY 1`,
  },
  {
    kind: 'procedure',
    name: 'procedures',
    sql: `SELECT n.nspname || '.' || p.proname, '' FROM pg_catalog.pg_proc_info p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE p.prokind = 'p' AND ${USER_SCHEMAS} ORDER BY 1`,
  },
  {
    kind: 'function',
    name: 'functions',
    sql: `SELECT n.nspname || '.' || p.proname, '' FROM pg_catalog.pg_proc_info p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE p.prokind = 'f' AND ${USER_SCHEMAS} ORDER BY 1`,
  },
  {
    kind: 'grant',
    name: 'SVV_RELATION_PRIVILEGES',
    sql: `SELECT namespace_name || '.' || relation_name, privilege_type || ' to ' || identity_type || ' ' || identity_name
FROM svv_relation_privileges ORDER BY 1, 2`,
  },
  {
    kind: 'policy',
    name: 'SVV_RLS_ATTACHED_POLICY',
    sql: `SELECT relschema || '.' || relname, 'row-level security ' || polname || ' for ' || grantee FROM svv_rls_attached_policy ORDER BY 1, 2`,
  },
  {
    kind: 'policy',
    name: 'SVV_ATTACHED_MASKING_POLICY',
    sql: `SELECT schema_name || '.' || table_name, 'masking ' || policy_name || ' for ' || grantee FROM svv_attached_masking_policy ORDER BY 1, 2`,
  },
  {
    kind: 'default',
    name: 'defaults',
    sql: `SELECT n.nspname || '.' || c.relname || '.' || a.attname, d.adsrc FROM pg_catalog.pg_attrdef d
JOIN pg_catalog.pg_class c ON c.oid = d.adrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE ${USER_SCHEMAS} ORDER BY 1`,
  },
  {
    kind: 'constraint',
    name: 'pg_constraint',
    sql: `SELECT n.nspname || '.' || c.relname, k.conname FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE ${USER_SCHEMAS} ORDER BY 1, 2`,
  },
  {
    kind: 'datashare',
    name: 'SVV_DATASHARES',
    sql: `SELECT share_name, share_type FROM svv_datashares ORDER BY 1`,
  },
];

/** Whether we are a superuser: regular users see only policies of their own in the policy views (Redshift guide). */
export const SUPERUSER_SQL: OptionalQuery = {
  name: 'pg_user',
  sql: "SELECT CASE WHEN usesuper THEN '1' ELSE '0' END FROM pg_catalog.pg_user WHERE usename = current_user",
};
