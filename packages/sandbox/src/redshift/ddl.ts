import { SOURCE_CATALOG } from '../engine.ts';
import type { ColumnDefinition, CreateTable, SqlType, StatementBody } from '../sql/index.ts';
import {
  type Attribute,
  engineName,
  findNamespace,
  findRelation,
  insertNamespace,
  OWN_SCHEMA,
  type Relation,
  rows,
} from './catalogue.ts';
import { deleteRelation, insertAttributes, insertRelation } from './catalogue-write.ts';
import { columnSql, plainColumn, readColumn, readColumns, storedType } from './ddl-columns.ts';
import { insertSelected } from './dml.ts';
import { quoteLiteral, quoteName } from './quote.ts';
import { emit, lookUp, needTable, splitName } from './resolve.ts';
import { DatabaseError } from './service-error.ts';
import type { Session } from './session.ts';

type Body<K extends StatementBody['kind']> = Extract<StatementBody, { kind: K }>;

const COLUMNS_MAX = 1600;

export async function createSchema(session: Session, body: Body<'create-schema'>): Promise<void> {
  const name = body.name.at(-1) as string;
  if ((await findNamespace(session.connection, name)) !== null) {
    if (body.ifNotExists) return;
    throw new DatabaseError(`Schema "${name}" already exists`);
  }
  await insertNamespace(session.connection, session.options.catalogue.nextOid(), name);
}

/** The schema that a new object goes to; it must exist, and the name must be free. */
async function placeFor(
  session: Session,
  parts: readonly string[],
): Promise<{ schema: string; name: string; taken: Relation | null }> {
  const split = splitName(session, parts);
  const schema = split.schema ?? session.searchPath[0] ?? 'public';
  if ((await findNamespace(session.connection, schema)) === null)
    throw new DatabaseError(`schema "${schema}" does not exist`);
  return { schema, name: split.name, taken: await findRelation(session.connection, schema, split.name) };
}

/** Rows inserted by CREATE TABLE AS; null otherwise. */
export async function createTable(session: Session, body: CreateTable): Promise<number | null> {
  if (body.temporary) throw new DatabaseError('temporary tables are not supported by the sandbox');
  const { schema, name, taken } = await placeFor(session, body.name);
  if (taken) {
    if (body.ifNotExists) return null;
    throw new DatabaseError(`Relation "${name}" already exists`);
  }
  const emitted = body.query === null ? null : await emit(session, body.query);
  const definitions = emitted
    ? emitted.columns.map((column) => plainColumn(column.name, storedType(column.type)))
    : body.columns;
  if (definitions.length > COLUMNS_MAX) throw new DatabaseError(`tables can have at most ${COLUMNS_MAX} columns`);
  const oid = session.options.catalogue.nextOid();
  const attributes = await readColumns(session, body, oid, definitions);
  const relation: Relation = {
    ...{
      oid,
      schema,
      name,
      kind: 'table',
      attributes,
      distStyle: distStyle(body, attributes),
      sortStyle: sortStyle(body, attributes),
    },
    ...{ viewText: null, location: null, hasRowSecurity: false, hasMasking: false },
  };
  await createEngineTable(session, relation);
  await insertRelation(session.connection, relation);
  return emitted ? insertSelected(session, relation, relation.attributes, emitted) : null;
}

function distStyle(body: CreateTable, attributes: readonly Attribute[]): string {
  return attributes.some((attribute) => attribute.isDistKey) ? 'KEY' : (body.distStyle?.toUpperCase() ?? 'AUTO');
}

function sortStyle(body: CreateTable, attributes: readonly Attribute[]): Relation['sortStyle'] {
  if (body.sortKey) return body.sortKey.style;
  return attributes.some((attribute) => attribute.sortKeyOrdinal !== 0) ? 'compound' : 'none';
}

/** Keys are informational in Redshift, so the engine is not told of them. */
async function createEngineTable(session: Session, relation: Relation): Promise<void> {
  const names = new Set(relation.attributes.map((attribute) => attribute.name.toLowerCase()));
  if (names.size !== relation.attributes.length)
    throw new DatabaseError('column names that differ only in case (or not at all) are not supported by the sandbox');
  await session.connection.run(
    `CREATE TABLE ${engineName(relation.schema, relation.name)} (${relation.attributes.map(columnSql).join(', ')})`,
  );
}

/** A view is its text; it is read anew whenever it is used. */
export async function createView(session: Session, body: Body<'create-view'>): Promise<void> {
  const { schema, name, taken } = await placeFor(session, body.name);
  if (taken && !(body.orReplace && taken.kind === 'view')) throw new DatabaseError(`Relation "${name}" already exists`);
  const emitted = await emit(session, body.query);
  if (taken) await deleteRelation(session.connection, taken.oid);
  const oid = session.options.catalogue.nextOid();
  const definitions = emitted.columns.map((column, index) =>
    plainColumn(body.columns?.[index] ?? column.name, storedType(column.type)),
  );
  const attributes = await readColumns(session, null, oid, definitions);
  await insertRelation(session.connection, {
    ...{ oid, schema, name, kind: 'view', attributes, distStyle: 'EVEN', sortStyle: 'none', viewText: body.queryText },
    ...{ location: null, hasRowSecurity: false, hasMasking: false },
  });
}

export async function dropObjects(session: Session, body: Body<'drop'>): Promise<void> {
  for (const name of body.names) {
    if (body.object === 'schema') await dropSchema(session, name.at(-1) as string, body);
    else await dropRelation(session, name, body);
  }
}

async function dropRelation(session: Session, name: string[], body: Body<'drop'>): Promise<void> {
  const found = await lookUp(session, name);
  if (!found) {
    if (body.ifExists) return;
    throw new DatabaseError(`${body.object === 'view' ? 'View' : 'Table'} "${name.join('.')}" does not exist`);
  }
  const isView = found.kind === 'view';
  if (isView !== (body.object === 'view')) throw new DatabaseError(`"${found.name}" is not a ${body.object}`);
  if (found.kind === 'table') await session.connection.run(`DROP TABLE ${engineName(found.schema, found.name)}`);
  await deleteRelation(session.connection, found.oid);
}

async function dropSchema(session: Session, name: string, body: Body<'drop'>): Promise<void> {
  if ((await findNamespace(session.connection, name)) === null) {
    if (body.ifExists) return;
    throw new DatabaseError(`schema "${name}" does not exist`);
  }
  const inside = await rows(
    session.connection,
    `SELECT oid FROM ${OWN_SCHEMA}.relations WHERE schema_name = ${quoteLiteral(name)}`,
  );
  if (inside.length > 0 && !body.cascade)
    throw new DatabaseError(`cannot drop schema ${name} because other objects depend on it`);
  for (const relation of inside) await deleteRelation(session.connection, Number(relation['oid']));
  await session.connection.run(`DROP SCHEMA ${SOURCE_CATALOG}.${quoteName(name)} CASCADE`);
  await session.connection.run(`DELETE FROM ${OWN_SCHEMA}.namespaces WHERE name = ${quoteLiteral(name)}`);
}

export async function alterTable(session: Session, body: Body<'alter-table'>): Promise<void> {
  for (const action of body.actions) {
    const relation = await needTable(session, body.table);
    const table = engineName(relation.schema, relation.name);
    switch (action.kind) {
      case 'add-columns':
        for (const column of action.columns) await addColumn(session, relation, column);
        break;
      case 'drop-columns':
        for (const column of action.columns) {
          await session.connection.run(`ALTER TABLE ${table} DROP COLUMN ${quoteName(column)}`);
          await session.connection.run(
            `DELETE FROM ${OWN_SCHEMA}.attributes WHERE relation = ${relation.oid} AND name = ${quoteLiteral(column)}`,
          );
        }
        break;
      case 'rename-column':
        await session.connection.run(
          `ALTER TABLE ${table} RENAME COLUMN ${quoteName(action.from)} TO ${quoteName(action.to)}`,
        );
        await session.connection.run(
          `UPDATE ${OWN_SCHEMA}.attributes SET name = ${quoteLiteral(action.to)} WHERE relation = ${relation.oid} AND name = ${quoteLiteral(action.from)}`,
        );
        break;
      case 'rename-table': {
        const to = action.to.at(-1) as string;
        await session.connection.run(`ALTER TABLE ${table} RENAME TO ${quoteName(to)}`);
        await session.connection.run(
          `UPDATE ${OWN_SCHEMA}.relations SET name = ${quoteLiteral(to)} WHERE oid = ${relation.oid}`,
        );
        break;
      }
      case 'column-type':
        await changeLength(session, relation, action.column, action.type);
        break;
      case 'set-owner':
        break;
      default:
        throw new DatabaseError(`ALTER TABLE ${action.kind.replaceAll('-', ' ')} is not supported by the sandbox`);
    }
  }
}

/**
 * Only the length of a VARCHAR can be changed in place, and a shorter one must hold every value (RDG r_ALTER_TABLE, ALTER
 * COLUMN … TYPE). The engine keeps text without a length.
 */
async function changeLength(session: Session, relation: Relation, name: string, type: SqlType): Promise<void> {
  const attribute = relation.attributes.find((each) => each.name === name);
  if (attribute === undefined)
    throw new DatabaseError(`column "${name}" of relation "${relation.name}" does not exist`);
  if (attribute.type.kind !== 'varchar' || type.kind !== 'varchar')
    throw new DatabaseError(
      `target data type "${type.kind}" for column "${name}" is not supported by ALTER COLUMN TYPE`,
    );
  const [longest] = await rows(
    session.connection,
    `SELECT coalesce(max(strlen(${quoteName(name)})), 0) AS bytes FROM ${engineName(relation.schema, relation.name)}`,
  );
  if (Number(longest?.['bytes'] ?? 0) > type.length)
    throw new DatabaseError(`Cannot alter column "${name}": values are longer than ${type.length} bytes`);
  await session.connection.run(
    `DELETE FROM ${OWN_SCHEMA}.attributes WHERE relation = ${relation.oid} AND name = ${quoteLiteral(name)}`,
  );
  await insertAttributes(session.connection, relation.oid, [{ ...attribute, type }]);
}

/** A number is never used again, so that a column's order stays what it was. */
async function addColumn(session: Session, relation: Relation, column: ColumnDefinition): Promise<void> {
  const number = Math.max(0, ...relation.attributes.map((attribute) => attribute.number)) + 1;
  const attribute = await readColumn(session, null, relation.oid, column, number);
  if (attribute.isNotNull && attribute.defaultSql === null)
    throw new DatabaseError('ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression');
  await session.connection.run(
    `ALTER TABLE ${engineName(relation.schema, relation.name)} ADD COLUMN ${columnSql({ ...attribute, isNotNull: false })}`,
  );
  await insertAttributes(session.connection, relation.oid, [attribute]);
}

/** Comments are accepted; no view of the sandbox shows them. */
export async function commentOn(session: Session, body: Body<'comment-on'>): Promise<void> {
  if (body.object === 'table' && !(await lookUp(session, body.name)))
    throw new DatabaseError(`relation "${body.name.join('.')}" does not exist`);
}
