import {
  type Catalog,
  type ColumnInfo,
  type EmitOptions,
  type EmittedExpression,
  type EmittedQuery,
  emitQuery,
  type Query,
  type ResolvedSource,
  referencedSources,
  type Source,
} from '../sql/index.ts';
import { engineName, findRelation, type Relation } from './catalogue.ts';
import { fillSystemRelation } from './fill-system-relation.ts';
import { parseOne } from './parse-one.ts';
import { quoteLiteral } from './quote.ts';
import { DatabaseError } from './service-error.ts';
import type { Session } from './session.ts';
import { systemRelations } from './system-relations.ts';
import { formatTypeSql } from './type-oid.ts';

const VIEW_DEPTH_MAX = 20;
const INFO_SCHEMAS = new Set(['pg_catalog', 'information_schema']);

/** Schema and name of a table reference; the database part must be the connected one. */
export function splitName(session: Session, parts: readonly string[]): { schema: string | null; name: string } {
  if (parts.length === 3 && parts[0] !== session.database)
    throw new DatabaseError(`database "${parts[0]}" is not reachable from database "${session.database}"`);
  if (parts.length > 3) throw new DatabaseError(`improper qualified name (too many dotted names): ${parts.join('.')}`);
  return { schema: parts.at(-2) ?? null, name: parts.at(-1) as string };
}

/** The relation that a name means, first in the catalogue schema, then along the search path. */
export async function lookUp(session: Session, parts: readonly string[]): Promise<Relation | null> {
  const { schema, name } = splitName(session, parts);
  for (const candidate of schema === null ? session.searchPath : [schema]) {
    const found = await findRelation(session.connection, candidate, name);
    if (found) return found;
  }
  return null;
}

export async function needTable(session: Session, parts: readonly string[]): Promise<Relation> {
  const found = await lookUp(session, parts);
  if (!found) throw new DatabaseError(`relation "${parts.join('.')}" does not exist`);
  if (found.kind !== 'table') throw new DatabaseError(`"${found.name}" is not a table`);
  return found;
}

function textOf(source: Source): string {
  if (source.kind !== 'table') throw new DatabaseError('files cannot be queried');
  return source.name.join('\0');
}

/** Looks every table of a query up before it is emitted, views and what they read included. */
async function preload(
  session: Session,
  query: Query,
  depth: number,
  known: Map<string, ResolvedSource>,
): Promise<void> {
  if (depth > VIEW_DEPTH_MAX) throw new DatabaseError('views are nested too deeply');
  for (const source of referencedSources({ body: query, raw: '', at: 0 })) {
    const key = textOf(source);
    if (known.has(key) || source.kind !== 'table') continue;
    known.set(key, await resolveOne(session, source.name, depth));
  }
}

async function resolveOne(session: Session, parts: readonly string[], depth: number): Promise<ResolvedSource> {
  const { schema, name } = splitName(session, parts);
  const system = systemRelations(session.database);
  const isSystemSchema = schema !== null && INFO_SCHEMAS.has(schema);
  const systemRelation =
    schema === null || isSystemSchema ? system.get(`${schema ?? 'pg_catalog'}.${name}`) : undefined;
  if (systemRelation) {
    const readers = session.options.switches.transactionHistoryUsers;
    if (name === 'sys_transaction_history' && readers !== null && !readers.includes(session.user))
      throw new DatabaseError('permission denied for relation sys_transaction_history');
    // Superusers only, and not on serverless (developer guide, STV_NODE_STORAGE_CAPACITY; System tables on serverless).
    const seesNoNodes = session.options.switches.restrictedUsers.includes(session.user);
    if (systemRelation.fill === 'node-storage' && (seesNoNodes || session.options.record.workgroupName !== null))
      throw new DatabaseError(`permission denied for relation ${systemRelation.name}`);
    await fillSystemRelation(session, systemRelation.fill);
    return { duckdbSql: systemRelation.sql, columns: systemRelation.columns, name };
  }
  const relation = await lookUp(session, parts);
  if (!relation) throw new DatabaseError(`relation "${parts.join('.')}" does not exist`);
  if (relation.kind === 'external')
    throw new DatabaseError(`external table "${relation.name}" is a catalogue entry only: the sandbox cannot read it`);
  // Superusers are exempt from row-level security but not from masking, which the sandbox does not execute.
  if (relation.hasMasking)
    throw new DatabaseError(`table "${relation.name}" has a masking policy, which the sandbox does not execute`);
  const columns = relation.attributes.map((attribute) => ({ name: attribute.name, type: attribute.type }));
  if (relation.kind === 'table') return { duckdbSql: engineName(relation.schema, relation.name), columns, name };
  const body = parseOne(relation.viewText as string, session).body;
  if (body.kind !== 'query') throw new DatabaseError(`view "${name}" is damaged`);
  const emitted = await emit(session, body, depth + 1);
  return { duckdbSql: `(${emitted.sql})`, columns: renamed(emitted.columns, columns), name };
}

/** A view's own column names over those of its query; they are the same unless the view was given a list. */
function renamed(emitted: readonly ColumnInfo[], declared: readonly ColumnInfo[]): ColumnInfo[] {
  return emitted.map((column, index) => ({ name: declared[index]?.name ?? column.name, type: column.type }));
}

export async function emitOptions(session: Session, query: Query | null, depth = 0): Promise<EmitOptions> {
  const known = new Map<string, ResolvedSource>();
  if (query) await preload(session, query, depth, known);
  const catalog: Catalog = {
    resolve(source) {
      const found = known.get(textOf(source));
      if (!found) throw new DatabaseError(`relation "${textOf(source).replaceAll('\0', '.')}" does not exist`);
      return found;
    },
  };
  return {
    dialect: 'redshift',
    catalog,
    timeZone: session.setting('timezone') ?? 'UTC',
    nowMicros: BigInt(session.entry?.startMicros ?? session.options.history.nowMicros()),
    transactionMicros: BigInt(session.transactionMicros),
    extraFunction: (name, args) => extraFunction(session, name, args),
    refusesLongText: session.options.switches.longConcatenation === 'fail',
  };
}

export async function emit(session: Session, query: Query, depth = 0): Promise<EmittedQuery> {
  return emitQuery(query, await emitOptions(session, query, depth));
}

const VERSION =
  'PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), Redshift 1.0.117891';

/** Functions whose answer is the session's or the catalogue's. */
function extraFunction(session: Session, name: string, args: readonly EmittedExpression[]): EmittedExpression | null {
  const text = (value: string): EmittedExpression => ({
    sql: quoteLiteral(value),
    type: { kind: 'varchar', length: 256 },
  });
  switch (name) {
    case 'current_user':
    case 'session_user':
    case 'user':
      return text(session.user);
    case 'version':
      return text(VERSION);
    case 'current_database':
      return text(session.database);
    case 'current_schema':
      return text(session.searchPath[0] ?? 'public');
    case 'pg_backend_pid':
      return { sql: String(session.options.record.pid), type: { kind: 'integer' } };
    case 'pg_last_query_id':
      return { sql: String(session.queryId), type: { kind: 'integer' } };
    case 'format_type':
      return args.length === 2
        ? {
            sql: formatTypeSql((args[0] as EmittedExpression).sql, (args[1] as EmittedExpression).sql),
            type: { kind: 'varchar', length: 256 },
          }
        : null;
    // The sandbox's user is a superuser.
    case 'has_table_privilege':
    case 'has_schema_privilege':
      return { sql: 'true', type: { kind: 'boolean' } };
    default:
      return null;
  }
}
