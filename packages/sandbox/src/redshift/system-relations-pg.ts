import { OWN_SCHEMA } from './catalogue.ts';
import { quoteLiteral } from './quote.ts';
import { relation, type SystemRelation } from './system-relation.ts';
import { DEFAULT_TEXT, LOCAL_COLUMNS, NAMESPACES, RELDISTSTYLE, TABLES } from './system-sources.ts';

export function catalogRelations(database: string): SystemRelation[] {
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
      `adrelid bigint = a.relation_oid\nadnum small = a.number\nadsrc long = ${DEFAULT_TEXT}`,
      `(SELECT * FROM ${LOCAL_COLUMNS} WHERE default_sql IS NOT NULL) a`,
    ),
    relation(
      'pg_constraint',
      `conname text = r.name || '_pkey'
       connamespace bigint = r.namespace
       contype text = 'p'
       condeferrable bool = false
       condeferred bool = false
       conrelid bigint = r.oid
       contypid bigint = 0
       confrelid bigint = 0`,
      `(SELECT * FROM ${TABLES} WHERE r.oid IN (SELECT relation FROM ${OWN_SCHEMA}.attributes WHERE is_primary_key)) r`,
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
      `usename text = u.name\nusesysid int = u.id\nusecreatedb bool = true\nusesuper bool = true`,
      `(VALUES ('sandbox', 100), ('IAM:sandbox', 101), ('lakehaul', 102)) u(name, id)`,
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
  ];
}

export function informationSchemaRelations(database: string): SystemRelation[] {
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
       column_default long = ${DEFAULT_TEXT}
       is_nullable text = CASE WHEN a.is_not_null THEN 'NO' ELSE 'YES' END
       data_type text = regexp_replace(a.type_text, '\\(.*', '')`,
      LOCAL_COLUMNS,
      { schema: 'information_schema' },
    ),
  ];
}
