import { SOURCE_CATALOG } from '../engine.ts';
import type { ColumnInfo, SqlType } from '../sql/index.ts';
import { OWN_SCHEMA } from './catalogue.ts';
import { quoteLiteral, quoteName } from './quote.ts';

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
  fill: 'query-history' | 'table-info' | null;
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

/** `name type = engine expression` a line; the expressions select from `from`. */
function relation(
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

const NAMESPACES = `(SELECT oid, name FROM ${OWN_SCHEMA}.namespaces UNION ALL VALUES (11, 'pg_catalog'), (12, 'information_schema')) n`;
const RELATIONS = `${OWN_SCHEMA}.relations r JOIN ${OWN_SCHEMA}.namespaces n ON n.name = r.schema_name`;
const TABLES = `(SELECT r.*, n.oid AS namespace FROM ${RELATIONS} WHERE r.kind <> 'external') r`;
const COLUMNS = `(SELECT r.schema_name, r.name AS relation_name, r.oid AS relation_oid, r.kind, a.* FROM ${OWN_SCHEMA}.relations r
  JOIN ${OWN_SCHEMA}.attributes a ON a.relation = r.oid) a`;
const LOCAL_COLUMNS = `(SELECT * FROM ${COLUMNS} WHERE kind <> 'external') a`;
const POLICIES = `(SELECT p.*, r.schema_name, r.name AS relation_name FROM ${OWN_SCHEMA}.policies p JOIN ${OWN_SCHEMA}.relations r ON r.oid = p.relation) p`;
/** DISTSTYLE AUTO is shown as what the service would choose for a table that has grown. */
const RELDISTSTYLE = `CASE r.dist_style WHEN 'EVEN' THEN 0 WHEN 'KEY' THEN 1 WHEN 'ALL' THEN 8 ELSE 11 END`;

const CATALOG_RELATIONS = (database: string): SystemRelation[] => {
  const db = quoteLiteral(database);
  return [
    relation(
      'pg_namespace',
      `oid bigint = n.oid\nnspname text = n.name\nnspowner int = 100\nnspacl text = NULL`,
      NAMESPACES,
    ),
    relation(
      'pg_class',
      `oid bigint = r.oid
       relname text = r.name
       relnamespace bigint = r.namespace
       relowner int = 100
       relkind text = CASE r.kind WHEN 'view' THEN 'v' ELSE 'r' END
       relnatts small = (SELECT count(*) FROM ${OWN_SCHEMA}.attributes a WHERE a.relation = r.oid)
       reltuples bigint = 0
       relhasindex bool = false
       relisshared bool = false
       relpersistence text = 'p'
       reldiststyle small = ${RELDISTSTYLE}
       relacl text = NULL`,
      TABLES,
    ),
    relation(
      'pg_class_info',
      `oid bigint = r.oid
       relname text = r.name
       relnamespace bigint = r.namespace
       relkind text = CASE r.kind WHEN 'view' THEN 'v' ELSE 'r' END
       reldiststyle small = ${RELDISTSTYLE}
       releffectivediststyle small = ${RELDISTSTYLE}
       relcreationtime ts = r.created_at`,
      TABLES,
    ),
    relation(
      'pg_attribute',
      `attrelid bigint = a.relation_oid
       attname text = a.name
       atttypid bigint = a.type_oid
       attlen small = -1
       attnum small = a.number
       attndims int = 0
       atttypmod int = a.type_modifier
       attnotnull bool = a.is_not_null
       atthasdef bool = a.default_sql IS NOT NULL
       attisdropped bool = false
       attisdistkey bool = a.is_dist_key
       attsortkeyord int = a.sort_key_ordinal
       attencodingtype small = CASE a.encoding WHEN 'none' THEN 0 WHEN 'az64' THEN 136 WHEN 'lzo' THEN 131 WHEN 'zstd' THEN 134 ELSE 128 END
       attcollation bigint = CASE WHEN a.is_case_insensitive THEN 100 ELSE 0 END`,
      LOCAL_COLUMNS,
    ),
    relation(
      'pg_attrdef',
      `adrelid bigint = a.relation_oid\nadnum small = a.number\nadsrc long = a.default_sql`,
      `(SELECT * FROM ${LOCAL_COLUMNS} WHERE default_sql IS NOT NULL) a`,
    ),
    relation(
      'pg_table_def',
      `schemaname text = a.schema_name
       tablename text = a.relation_name
       column text = a.name
       type text = a.type_text
       encoding text = a.encoding
       distkey bool = a.is_dist_key
       sortkey int = a.sort_key_ordinal
       notnull bool = a.is_not_null`,
      `(SELECT * FROM ${LOCAL_COLUMNS} WHERE kind = 'table') a`,
    ),
    relation(
      'pg_tables',
      `schemaname text = r.schema_name\ntablename text = r.name\ntableowner text = 'sandbox'`,
      `(SELECT * FROM ${TABLES} WHERE kind = 'table') r`,
    ),
    relation(
      'pg_views',
      `schemaname text = r.schema_name\nviewname text = r.name\nviewowner text = 'sandbox'\ndefinition long = r.view_text`,
      `(SELECT * FROM ${TABLES} WHERE kind = 'view') r`,
    ),
    relation(
      'pg_proc_info',
      `prooid bigint = p.oid
       proname text = p.name
       pronamespace bigint = n.oid
       prokind text = CASE p.kind WHEN 'procedure' THEN 'p' ELSE 'f' END
       prosrc long = p.source
       proowner int = 100
       prolang bigint = 100132`,
      `${OWN_SCHEMA}.procedures p JOIN ${OWN_SCHEMA}.namespaces n ON n.name = p.schema_name`,
    ),
    relation(
      'pg_user',
      `usename text = u.name\nusesysid int = 100\nusecreatedb bool = true\nusesuper bool = true`,
      `(VALUES ('sandbox')) u(name)`,
    ),
    relation(
      'pg_database',
      `oid bigint = 100100\ndatname text = ${db}\ndatdba int = 100\nencoding int = 6\ndatistemplate bool = false\ndatallowconn bool = true`,
      `(VALUES (1)) d(one)`,
    ),
    relation(
      'stv_db_isolation_level',
      `db_id bigint = 100100\ndb_name text = ${db}\nisolation_level text = 'Snapshot Isolation'`,
      `(VALUES (1)) d(one)`,
    ),
    ...svvRelations(db),
  ];
};

function svvRelations(db: string): SystemRelation[] {
  const columns = `ordinal_position int = a.number
    column_default long = a.default_sql
    is_nullable text = CASE WHEN a.is_not_null THEN 'NO' ELSE 'YES' END`;
  return [
    relation(
      'svv_redshift_columns',
      `database_name text = ${db}
       schema_name text = a.schema_name
       table_name text = a.relation_name
       column_name text = a.name
       data_type text = a.type_text
       ${columns}
       encoding text = a.encoding
       distkey bool = a.is_dist_key
       sortkey int = a.sort_key_ordinal
       column_acl text = NULL
       remarks text = NULL`,
      LOCAL_COLUMNS,
    ),
    relation(
      'svv_columns',
      `table_catalog text = ${db}
       table_schema text = a.schema_name
       table_name text = a.relation_name
       column_name text = a.name
       data_type text = regexp_replace(a.type_text, '\\(.*', '')
       ${columns}`,
      COLUMNS,
    ),
    relation(
      'svv_redshift_tables',
      `database_name text = ${db}
       schema_name text = r.schema_name
       table_name text = r.name
       table_type text = upper(r.kind)
       table_acl text = NULL
       remarks text = NULL
       table_owner text = 'sandbox'`,
      TABLES,
    ),
    relation(
      'svv_redshift_schemas',
      `database_name text = ${db}\nschema_name text = n.name\nschema_owner int = 100\nschema_type text = 'local'\nschema_acl text = NULL\nschema_option text = NULL`,
      NAMESPACES,
    ),
    relation(
      'svv_tables',
      `table_catalog text = ${db}
       table_schema text = r.schema_name
       table_name text = r.name
       table_type text = CASE r.kind WHEN 'view' THEN 'VIEW' WHEN 'external' THEN 'EXTERNAL TABLE' ELSE 'BASE TABLE' END
       remarks text = NULL`,
      `${OWN_SCHEMA}.relations r`,
    ),
    relation(
      'svv_external_tables',
      `redshift_database_name text = ${db}
       schemaname text = r.schema_name
       tablename text = r.name
       tabletype text = ''
       location text = r.location
       input_format text = ''
       output_format text = ''
       serialization_lib text = ''
       compressed int = 0
       parameters text = ''`,
      `(SELECT * FROM ${OWN_SCHEMA}.relations WHERE kind = 'external') r`,
    ),
    ...policyRelations(db),
    ...emptyRelations(),
  ];
}

function policyRelations(db: string): SystemRelation[] {
  return [
    relation(
      'svv_rls_relation',
      `datname text = ${db}
       relschema text = p.schema_name
       relname text = p.relation_name
       relkind text = 'table'
       is_rls_on bool = p.is_enabled
       is_rls_datashare_on bool = false
       rls_conjunction_type text = 'and'
       rls_datashare_conjunction_type text = NULL`,
      `(SELECT schema_name, relation_name, bool_or(is_enabled) AS is_enabled FROM ${POLICIES} WHERE kind = 'rls' GROUP BY 1, 2) p`,
    ),
    relation(
      'svv_rls_attached_policy',
      `relschema text = p.schema_name
       relname text = p.relation_name
       relkind text = 'table'
       polname text = p.name
       grantor text = 'sandbox'
       grantee text = p.grantee
       granteekind text = CASE WHEN p.grantee = 'public' THEN 'public' ELSE 'role' END
       is_pol_on bool = true
       is_rls_on bool = p.is_enabled
       rls_conjunction_type text = 'and'`,
      `(SELECT * FROM ${POLICIES} WHERE kind = 'rls') p`,
    ),
    relation(
      'svv_attached_masking_policy',
      `policy_name text = p.name
       schema_name text = p.schema_name
       table_name text = p.relation_name
       table_type text = 'table'
       grantor text = 'sandbox'
       grantee text = p.grantee
       grantee_type text = CASE WHEN p.grantee = 'public' THEN 'public' ELSE 'role' END
       priority int = 0
       input_columns long = '["' || p.column_name || '"]'
       output_columns long = '["' || p.column_name || '"]'`,
      `(SELECT * FROM ${POLICIES} WHERE kind = 'masking') p`,
    ),
  ];
}

/** Kinds of objects that the sandbox cannot create, so that none is the true answer. */
function emptyRelations(): SystemRelation[] {
  const none = `(SELECT 1 WHERE false) e`;
  const texts = (names: string): string =>
    names
      .split(' ')
      .map((name) => `${name} text = NULL`)
      .join('\n');
  return [
    relation(
      'svv_datashares',
      `${texts('share_name')}\nshare_id int = NULL\n${texts('source_database consumer_database share_type')}`,
      none,
    ),
    relation('svv_mv_info', texts('database_name schema_name name'), none),
    relation(
      'stv_mv_info',
      texts('db_name schema name updated_upto_xid is_stale owner_user_name state autorewrite autorefresh'),
      none,
    ),
    relation(
      'svv_external_schemas',
      `esoid bigint = NULL\neskind int = NULL\n${texts('schemaname databasename esoptions')}`,
      none,
    ),
    relation(
      'svv_relation_privileges',
      `${texts('namespace_name relation_name privilege_type')}\nidentity_id int = NULL\n${texts('identity_name identity_type')}\nadmin_option bool = NULL`,
      none,
    ),
  ];
}

const INFORMATION_SCHEMA = (database: string): SystemRelation[] => {
  const db = quoteLiteral(database);
  return [
    relation(
      'tables',
      `table_catalog text = ${db}\ntable_schema text = r.schema_name\ntable_name text = r.name\ntable_type text = CASE r.kind WHEN 'view' THEN 'VIEW' ELSE 'BASE TABLE' END`,
      TABLES,
      { schema: 'information_schema' },
    ),
    relation(
      'columns',
      `table_catalog text = ${db}
       table_schema text = a.schema_name
       table_name text = a.relation_name
       column_name text = a.name
       ordinal_position int = a.number
       column_default long = a.default_sql
       is_nullable text = CASE WHEN a.is_not_null THEN 'NO' ELSE 'YES' END
       data_type text = regexp_replace(a.type_text, '\\(.*', '')`,
      LOCAL_COLUMNS,
      { schema: 'information_schema' },
    ),
  ];
};

export const TABLE_INFO_TEMP = 'temp.main.__table_info';
export const QUERY_HISTORY_TEMP = 'temp.main.__query_history';

const MONITORING = (database: string): SystemRelation[] => {
  const db = quoteLiteral(database);
  const micros = (name: string): string => `make_timestamp(q.${name})`;
  return [
    relation(
      'svv_table_info',
      `database text = ${db}
       schema text = r.schema_name
       table_id bigint = r.oid
       table text = r.name
       encoded text = 'Y'
       diststyle text = CASE r.dist_style WHEN 'KEY' THEN 'KEY(' || (SELECT a.name FROM ${OWN_SCHEMA}.attributes a WHERE a.relation = r.oid AND a.is_dist_key) || ')' WHEN 'AUTO' THEN 'AUTO(EVEN)' ELSE r.dist_style END
       sortkey1 text = CASE WHEN r.sort_style = 'interleaved' THEN 'INTERLEAVED' WHEN r.sort_style = 'auto' THEN 'AUTO(SORTKEY)' ELSE (SELECT a.name FROM ${OWN_SCHEMA}.attributes a WHERE a.relation = r.oid AND a.sort_key_ordinal = 1) END
       max_varchar int = coalesce((SELECT max(a.type_modifier - 4) FROM ${OWN_SCHEMA}.attributes a WHERE a.relation = r.oid AND a.type_oid = 1043), 0)
       sortkey1_enc text = (SELECT a.encoding FROM ${OWN_SCHEMA}.attributes a WHERE a.relation = r.oid AND abs(a.sort_key_ordinal) = 1)
       sortkey_num int = (SELECT count(*) FROM ${OWN_SCHEMA}.attributes a WHERE a.relation = r.oid AND a.sort_key_ordinal <> 0)
       size bigint = t.size_mb
       pct_used num = 0.01
       empty bigint = 0
       unsorted num = CASE WHEN r.sort_style = 'none' THEN NULL ELSE 0 END
       stats_off num = 0
       tbl_rows num = t.row_count
       skew_sortkey1 num = NULL
       skew_rows num = NULL
       estimated_visible_rows num = t.row_count
       risk_event text = NULL
       vacuum_sort_benefit num = NULL
       create_time ts = r.created_at`,
      `${OWN_SCHEMA}.relations r JOIN ${TABLE_INFO_TEMP} t ON t.oid = r.oid`,
      { fill: 'table-info' },
    ),
    relation(
      'sys_query_history',
      `user_id int = q."userId"
       query_id bigint = q."queryId"
       query_label text = q."queryLabel"
       transaction_id bigint = q."transactionId"
       session_id int = q."sessionId"
       database_name text = q."databaseName"
       query_type text = q."queryType"
       status text = q."status"
       result_cache_hit bool = false
       start_time ts = ${micros('"startMicros"')}
       end_time ts = ${micros('"endMicros"')}
       elapsed_time bigint = coalesce(q."endMicros", epoch_us(now())) - q."startMicros"
       queue_time bigint = q."queueMicros"
       execution_time bigint = q."executionMicros"
       error_message text = q."errorMessage"
       returned_rows bigint = q."returnedRows"
       returned_bytes bigint = q."returnedBytes"
       query_text long = q."queryText"
       redshift_version text = '1.0.0'
       compute_type text = 'primary'
       compile_time bigint = 0
       planning_time bigint = 0
       lock_wait_time bigint = 0
       service_class_id int = 100
       service_class_name text = 'Default queue'
       query_priority text = 'Normal'
       short_query_accelerated text = 'false'`,
      `${QUERY_HISTORY_TEMP} q`,
      { fill: 'query-history' },
    ),
    relation(
      'sys_unload_history',
      `user_id int = q."userId"
       query_id bigint = q."queryId"
       transaction_id bigint = q."transactionId"
       session_id int = q."sessionId"
       database_name text = q."databaseName"
       status text = CASE q."status" WHEN 'success' THEN 'completed' WHEN 'running' THEN 'running' ELSE 'aborted' END
       start_time ts = ${micros('"startMicros"')}
       end_time ts = ${micros('"endMicros"')}
       duration bigint = coalesce(q."endMicros", epoch_us(now())) - q."startMicros"
       file_format text = q."unload"."format"
       compression_type text = 'snappy'
       unloaded_location long = q."unload"."location"
       unloaded_rows bigint = q."unload"."rowCount"
       unloaded_files_count bigint = len(q."unload"."files")
       unloaded_files_size bigint = coalesce(list_sum(list_transform(q."unload"."files", lambda f: f."sizeBytes")), 0)
       error_message text = q."errorMessage"`,
      `(SELECT * FROM ${QUERY_HISTORY_TEMP} WHERE "unload" IS NOT NULL) q`,
      { fill: 'query-history' },
    ),
    relation(
      'sys_unload_detail',
      `user_id int = q."userId"
       query_id bigint = q."queryId"
       session_id int = q."sessionId"
       transaction_id bigint = q."transactionId"
       file_name long = q.file."url"
       start_time ts = ${micros('"startMicros"')}
       end_time ts = ${micros('"endMicros"')}
       line_count bigint = q.file."rowCount"
       transfer_size bigint = q.file."sizeBytes"
       file_format text = q."unload"."format"`,
      `(SELECT *, unnest("unload"."files") AS file FROM ${QUERY_HISTORY_TEMP} WHERE "unload" IS NOT NULL) q`,
      { fill: 'query-history' },
    ),
  ];
};

export function systemRelations(database: string): Map<string, SystemRelation> {
  const all = [...CATALOG_RELATIONS(database), ...MONITORING(database), ...INFORMATION_SCHEMA(database)];
  return new Map(all.map((each) => [`${each.schema}.${each.name}`, each]));
}

export const ENGINE_TABLES_SQL = `SELECT schema_name, table_name, estimated_size FROM duckdb_tables() WHERE database_name = '${SOURCE_CATALOG}'`;
