/** Engine sub-queries that the system relations are made from. */
import { OWN_SCHEMA } from './catalogue.ts';

export const NAMESPACES = `(SELECT oid, name FROM ${OWN_SCHEMA}.namespaces UNION ALL VALUES (11, 'pg_catalog'), (12, 'information_schema')) n`;
export const RELATIONS = `${OWN_SCHEMA}.relations r JOIN ${OWN_SCHEMA}.namespaces n ON n.name = r.schema_name`;
export const TABLES = `(SELECT r.*, n.oid AS namespace FROM ${RELATIONS} WHERE r.kind <> 'external') r`;
export const COLUMNS = `(SELECT r.schema_name, r.name AS relation_name, r.oid AS relation_oid, r.kind, a.* FROM ${OWN_SCHEMA}.relations r
  JOIN ${OWN_SCHEMA}.attributes a ON a.relation = r.oid) a`;
export const LOCAL_COLUMNS = `(SELECT * FROM ${COLUMNS} WHERE kind <> 'external') a`;
export const POLICIES = `(SELECT p.*, r.schema_name, r.name AS relation_name FROM ${OWN_SCHEMA}.policies p JOIN ${OWN_SCHEMA}.relations r ON r.oid = p.relation) p`;
/** DISTSTYLE AUTO is shown as what the service would choose for a table that has grown. */
export const RELDISTSTYLE = `CASE r.dist_style WHEN 'EVEN' THEN 0 WHEN 'KEY' THEN 1 WHEN 'ALL' THEN 8 ELSE 11 END`;

/** An identity column's default is shown as a call of `"identity"`, as in pg_attrdef.adsrc of a real cluster. */
export const DEFAULT_TEXT = `CASE WHEN a.identity IS NULL THEN a.default_sql ELSE '"identity"(' || a.relation_oid || ', ' || (a.number - 1) || ', ''' || a.identity || '''::text)' END`;
