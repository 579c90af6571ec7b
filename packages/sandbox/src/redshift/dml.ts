import {
  type ColumnInfo,
  duckdbTypeText,
  type EmittedQuery,
  emitAssignment,
  emitInsertRows,
  emitPredicate,
  type Insert,
  isText,
  type Query,
  type SqlType,
  type StatementBody,
} from '../sql/index.ts';
import { type Attribute, engineName, type Relation } from './catalogue.ts';
import { quoteLiteral, quoteName } from './quote.ts';
import { emit, emitOptions, needTable } from './resolve.ts';
import { DatabaseError } from './service-error.ts';
import type { Session } from './session.ts';

type Body<K extends StatementBody['kind']> = Extract<StatementBody, { kind: K }>;

/**
 * A value as the column takes it. Lengths count bytes; blanks over the length are cut, anything else over it is an
 * error (developer guide, r_Character_types). CHAR is kept without its padding, which means nothing in Redshift.
 */
export function fitSql(value: string, from: SqlType, to: SqlType): string {
  if (to.kind === 'char' || to.kind === 'varchar') {
    const text = isText(from) ? value : `CAST(${value} AS VARCHAR)`;
    const bare = `rtrim(${text}, ' ')`;
    const failure = `error(${quoteLiteral(`Value too long for character type\nDETAIL: Value too long for type ${to.kind === 'char' ? 'character' : 'character varying'}(${to.length})`)})`;
    const whole = to.kind === 'char' ? bare : text;
    const cut =
      to.kind === 'char'
        ? bare
        : `rpad(${bare}, CAST(length(${bare}) + ${to.length} - strlen(${bare}) AS INTEGER), ' ')`;
    return `CASE WHEN strlen(${text}) <= ${to.length} THEN ${whole} WHEN strlen(${bare}) <= ${to.length} THEN ${cut} WHEN ${text} IS NULL THEN NULL ELSE ${failure} END`;
  }
  if (to.kind === 'super') return from.kind === 'super' ? value : `to_json(${value})`;
  if (to.kind === 'varbyte') return isText(from) ? `encode(${value})` : value;
  // Hex EWKB is the text form of both.
  if (to.kind === 'geometry' || to.kind === 'geography' || to.kind === 'hllsketch')
    return isText(from) ? `unhex(${value})` : value;
  if (from.kind === to.kind && from.kind !== 'decimal') return value;
  return `CAST(${value} AS ${duckdbTypeText(to)})`;
}

export async function insertRows(session: Session, body: Insert): Promise<number> {
  if (body.mode !== 'append') throw new DatabaseError(`INSERT ${body.mode} is not Redshift's`);
  const relation = await needTable(session, body.table);
  for (const name of body.columns ?? [])
    if (needColumn(relation, name).identity !== null)
      throw new DatabaseError(`cannot set an identity column to a value`);
  // An identity column is never among those that are filled by position.
  const fillable = relation.attributes.filter((each) => each.identity === null).map((each) => each.name);
  // Fewer values than columns: the last columns get their defaults.
  const columns = body.columns ?? fillable.slice(0, await valueCount(session, body.query));
  const emitted = emitInsertRows({ ...body, columns }, columnInfos(relation), {
    ...(await emitOptions(session, body.query)),
    defaultOf: (column) => relation.attributes.find((each) => each.name === column)?.defaultSql ?? null,
  });
  const result = await session.connection.run(
    `INSERT INTO ${engineName(relation.schema, relation.name)} ${emitted.sql}`,
  );
  note(session, relation, ['insert'], result.rowsChanged);
  return result.rowsChanged;
}

function note(session: Session, relation: Relation, steps: ('insert' | 'delete')[], rowCount: number): void {
  for (const name of steps)
    session.noteWrite({ name, tableId: Number(relation.oid), tableName: relation.name, rowCount });
}

async function valueCount(session: Session, query: Query): Promise<number> {
  return query.body.kind === 'values' ? (query.body.rows[0]?.length ?? 0) : (await emit(session, query)).columns.length;
}

function columnInfos(relation: Relation): ColumnInfo[] {
  return relation.attributes.map(({ name, type }) => ({ name, type }));
}

export function needColumn(relation: Relation, name: string): Attribute {
  const found = relation.attributes.find((attribute) => attribute.name === name);
  if (!found) throw new DatabaseError(`column "${name}" of relation "${relation.name}" does not exist`);
  return found;
}

/** The rows of CREATE TABLE AS. */
export async function insertSelected(
  session: Session,
  relation: Relation,
  columns: readonly Attribute[],
  emitted: EmittedQuery,
): Promise<number> {
  if (emitted.columns.length > columns.length)
    throw new DatabaseError('INSERT has more expressions than target columns');
  const targets = columns.slice(0, emitted.columns.length);
  const names = targets.map((_, index) => `v${index + 1}`);
  const values = targets.map((target, index) => {
    return fitSql(names[index] as string, (emitted.columns[index] as { type: SqlType }).type, target.type);
  });
  const result = await session.connection.run(
    `INSERT INTO ${engineName(relation.schema, relation.name)} (${targets.map((target) => quoteName(target.name)).join(', ')})
     SELECT ${values.join(', ')} FROM (${emitted.sql}) AS given(${names.join(', ')})`,
  );
  note(session, relation, ['insert'], result.rowsChanged);
  return result.rowsChanged;
}

export async function updateRows(session: Session, body: Body<'update'>): Promise<number> {
  const relation = await needTable(session, body.table);
  const scope = await tableScope(session, relation, body.alias);
  const sets = body.set.map(({ column, value }) => {
    const target = needColumn(relation, column);
    return `${quoteName(column)} = ${emitAssignment(value, target, scope)}`;
  });
  const where = body.where === null ? '' : ` WHERE ${emitPredicate(body.where, scope)}`;
  const result = await session.connection.run(
    `UPDATE ${engineName(relation.schema, relation.name)} AS ${quoteName(scope.name)} SET ${sets.join(', ')}${where}`,
  );
  // An UPDATE deletes the old rows and inserts the new ones.
  note(session, relation, ['delete', 'insert'], result.rowsChanged);
  return result.rowsChanged;
}

export async function deleteRows(session: Session, body: Body<'delete'>): Promise<number> {
  const relation = await needTable(session, body.table);
  const scope = await tableScope(session, relation, body.alias);
  const where = body.where === null ? '' : ` WHERE ${emitPredicate(body.where, scope)}`;
  const result = await session.connection.run(
    `DELETE FROM ${engineName(relation.schema, relation.name)} AS ${quoteName(scope.name)}${where}`,
  );
  note(session, relation, ['delete'], result.rowsChanged);
  return result.rowsChanged;
}

async function tableScope(session: Session, relation: Relation, alias: string | null) {
  return { ...(await emitOptions(session, null)), columns: columnInfos(relation), name: alias ?? relation.name };
}

/** TRUNCATE commits the transaction it stands in (developer guide, r_TRUNCATE). */
export async function truncateTable(session: Session, table: readonly string[]): Promise<void> {
  const relation = await needTable(session, table);
  await session.commit();
  await session.begin();
  // No insert or delete step tells of it: only the statement's text in SYS_QUERY_HISTORY does.
  if (session.entry !== null) session.entry.transactionId = session.transactionId;
  session.noteLock(Number(relation.oid));
  await session.connection.run(`DELETE FROM ${engineName(relation.schema, relation.name)}`);
  await session.commit();
  await session.begin();
}
