import { OWN_SCHEMA } from './catalogue.ts';
import { quoteLiteral } from './quote.ts';
import { relation, type SystemRelation } from './system-relation.ts';
import { COLUMNS, DEFAULT_TEXT, LOCAL_COLUMNS, NAMESPACES, POLICIES, TABLES } from './system-sources.ts';

export function svvRelations(database: string): SystemRelation[] {
  const db = quoteLiteral(database);
  const columns = `ordinal_position int = a.number
    column_default long = ${DEFAULT_TEXT}
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
      'svv_relation_privileges',
      `namespace_name text = r.schema_name
       relation_name text = r.name
       privilege_type text = g.privilege
       identity_id int = 0
       identity_name text = g.identity
       identity_type text = g.identity_type
       admin_option bool = false`,
      `${OWN_SCHEMA}.grants g JOIN ${OWN_SCHEMA}.relations r ON r.oid = g.relation`,
    ),
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
  ];
}
