/** CREATE, DROP, ALTER and COMMENT ON. */
import type { AlterAction, ColumnDefinition, CreateTable, StatementBody } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression } from './parse-expression.ts';
import { parseQuery } from './parse-query.ts';
import { parseType } from './parse-type.ts';

const ifNotExists = (cursor: Cursor): boolean => cursor.accept('IF', 'NOT', 'EXISTS');
const ifExists = (cursor: Cursor): boolean => cursor.accept('IF', 'EXISTS');

export function parseCreate(cursor: Cursor): StatementBody {
  cursor.expect('CREATE');
  const orReplace = cursor.accept('OR', 'REPLACE');
  const temporary =
    cursor.accept('TEMP') || cursor.accept('TEMPORARY') || (cursor.isRedshift && cursor.accept('LOCAL', 'TEMP'));
  if (cursor.accept('TABLE')) return createTable(cursor, orReplace, temporary);
  if (cursor.accept('VIEW')) return createView(cursor, orReplace, temporary);
  if (cursor.accept('SCHEMA') || (!cursor.isRedshift && cursor.accept('DATABASE'))) return createSchema(cursor);
  return cursor.refuse(`CREATE ${cursor.peek().raw}`);
}

function createSchema(cursor: Cursor): StatementBody {
  const isLax = ifNotExists(cursor);
  const name = cursor.qualifiedName();
  const comment = cursor.accept('COMMENT') ? cursor.string() : null;
  if (cursor.accept('AUTHORIZATION')) cursor.name();
  return { kind: 'create-schema', name, ifNotExists: isLax, comment };
}

function createView(cursor: Cursor, orReplace: boolean, temporary: boolean): StatementBody {
  const isLax = ifNotExists(cursor);
  const name = cursor.qualifiedName();
  const columns = cursor.isOp('(') ? cursor.nameList() : null;
  cursor.expect('AS');
  const from = cursor.at;
  const query = parseQuery(cursor);
  const queryText = cursor.text.slice(from, cursor.endBefore);
  if (cursor.isRedshift && cursor.accept('WITH', 'NO')) cursor.expect('SCHEMA', 'BINDING');
  return { kind: 'create-view', name, orReplace, ifNotExists: isLax, temporary, columns, queryText, query };
}

function createTable(cursor: Cursor, orReplace: boolean, temporary: boolean): StatementBody {
  if (orReplace && cursor.isRedshift) cursor.fail('Redshift has no CREATE OR REPLACE TABLE');
  const table: CreateTable = {
    kind: 'create-table',
    ifNotExists: ifNotExists(cursor),
    name: cursor.qualifiedName(),
    orReplace,
    temporary,
    columns: [],
    query: null,
    comment: null,
    using: null,
    clusterBy: [],
    partitionedBy: [],
    properties: {},
    location: null,
    distStyle: null,
    distKey: null,
    sortKey: null,
    primaryKey: [],
  };
  if (cursor.acceptOp('(')) {
    cursor.list(() => tableElement(cursor, table));
    cursor.expectOp(')');
  }
  while (cursor.isRedshift ? redshiftTableOption(cursor, table) : databricksTableOption(cursor, table));
  if (cursor.accept('AS')) table.query = parseQuery(cursor);
  if (table.query === null && table.columns.length === 0 && cursor.isRedshift) cursor.fail('expected columns');
  return table;
}

function tableElement(cursor: Cursor, table: CreateTable): void {
  if (cursor.accept('PRIMARY', 'KEY')) {
    table.primaryKey = cursor.nameList();
    return;
  }
  if (cursor.isRedshift && cursor.accept('UNIQUE')) {
    cursor.nameList();
    return;
  }
  for (const word of ['CONSTRAINT', 'FOREIGN', 'CHECK', 'LIKE'])
    if (cursor.isWord(word) && cursor.peek(1).kind !== 'op') cursor.refuse(`${word} in CREATE TABLE`);
  table.columns.push(columnDefinition(cursor, table));
}

function columnDefinition(cursor: Cursor, table: CreateTable | null): ColumnDefinition {
  const name = cursor.name();
  const column: ColumnDefinition = {
    name,
    type: parseType(cursor).type,
    nullable: true,
    comment: null,
    default: null,
    attributes: {},
  };
  while (columnOption(cursor, column, table));
  return column;
}

function columnOption(cursor: Cursor, column: ColumnDefinition, table: CreateTable | null): boolean {
  if (cursor.accept('NOT', 'NULL')) column.nullable = false;
  else if (cursor.isRedshift && cursor.accept('NULL')) column.nullable = true;
  else if (cursor.accept('COMMENT')) column.comment = cursor.string();
  else if (cursor.accept('DEFAULT')) column.default = parseExpression(cursor);
  else if (cursor.accept('PRIMARY', 'KEY')) {
    column.nullable = false;
    if (table !== null) table.primaryKey = [column.name];
  } else if (cursor.isRedshift) return redshiftColumnOption(cursor, column, table);
  else {
    for (const word of ['GENERATED', 'CONSTRAINT', 'MASK', 'COLLATE']) if (cursor.isWord(word)) cursor.refuse(word);
    return false;
  }
  return true;
}

function redshiftColumnOption(cursor: Cursor, column: ColumnDefinition, table: CreateTable | null): boolean {
  if (cursor.accept('ENCODE')) column.attributes['ENCODE'] = cursor.name();
  else if (cursor.accept('DISTKEY')) {
    column.attributes['DISTKEY'] = '';
    if (table !== null) table.distKey = column.name;
  } else if (cursor.accept('SORTKEY')) {
    column.attributes['SORTKEY'] = '';
    if (table !== null) table.sortKey = { style: 'compound', columns: [column.name] };
  } else if (cursor.accept('UNIQUE')) column.attributes['UNIQUE'] = '';
  else if (cursor.accept('COLLATE')) {
    if (!cursor.accept('CASE_SENSITIVE') && !cursor.accept('CS')) cursor.refuse('a collation that ignores case');
  } else {
    for (const word of ['IDENTITY', 'GENERATED', 'REFERENCES'])
      if (cursor.isWord(word)) cursor.refuse(`${word} of a column`);
    return false;
  }
  return true;
}

function redshiftTableOption(cursor: Cursor, table: CreateTable): boolean {
  if (cursor.accept('DISTSTYLE')) table.distStyle = cursor.name();
  else if (cursor.accept('DISTKEY')) table.distKey = cursor.nameList()[0] ?? null;
  else if (cursor.accept('BACKUP')) cursor.name();
  else if (cursor.accept('ENCODE')) cursor.expect('AUTO');
  else {
    const style = cursor.accept('INTERLEAVED') ? 'interleaved' : 'compound';
    cursor.accept('COMPOUND');
    if (!cursor.accept('SORTKEY')) return false;
    table.sortKey = cursor.accept('AUTO') ? { style: 'auto', columns: [] } : { style, columns: cursor.nameList() };
  }
  return true;
}

function databricksTableOption(cursor: Cursor, table: CreateTable): boolean {
  if (cursor.accept('USING')) {
    table.using = cursor.name().toLowerCase();
    if (table.using !== 'delta') cursor.refuse(`a table USING ${table.using}`);
  } else if (cursor.accept('COMMENT')) table.comment = cursor.string();
  else if (cursor.accept('TBLPROPERTIES')) table.properties = parseProperties(cursor);
  else if (cursor.accept('CLUSTER', 'BY'))
    table.clusterBy = cursor.isOp('(') ? clusterColumns(cursor) : autoCluster(cursor);
  else if (cursor.accept('PARTITIONED', 'BY')) table.partitionedBy = cursor.nameList();
  else if (cursor.accept('LOCATION')) table.location = cursor.string();
  else return false;
  return true;
}

function autoCluster(cursor: Cursor): string[] {
  if (cursor.accept('NONE')) return [];
  return cursor.refuse('CLUSTER BY AUTO');
}

function clusterColumns(cursor: Cursor): string[] {
  cursor.expectOp('(');
  const columns = cursor.list(() => {
    const parts = cursor.qualifiedName();
    if (parts.length > 1) cursor.refuse('clustering by a field of a column');
    return parts[0] as string;
  });
  cursor.expectOp(')');
  return columns;
}

function propertyKey(cursor: Cursor): string {
  if (cursor.peek().kind === 'string') return cursor.string();
  return cursor.qualifiedName().join('.');
}

export function parseProperties(cursor: Cursor): Record<string, string> {
  const properties: Record<string, string> = {};
  cursor.expectOp('(');
  cursor.list(() => {
    const key = propertyKey(cursor);
    cursor.acceptOp('=');
    const token = cursor.take();
    if (token.kind === 'end' || token.kind === 'op') cursor.fail('expected a value', token.at);
    properties[key] = token.kind === 'word' ? token.raw.toLowerCase() : token.text;
  });
  cursor.expectOp(')');
  return properties;
}

export function parseDrop(cursor: Cursor): StatementBody {
  cursor.expect('DROP');
  const isSchema = cursor.accept('SCHEMA') || (!cursor.isRedshift && cursor.accept('DATABASE'));
  const object = isSchema ? 'schema' : cursor.accept('VIEW') ? 'view' : 'table';
  if (object === 'table' && !cursor.accept('TABLE')) cursor.refuse(`DROP ${cursor.peek().raw}`);
  const isLax = ifExists(cursor);
  const names = cursor.isRedshift ? cursor.list(() => cursor.qualifiedName()) : [cursor.qualifiedName()];
  const cascade = cursor.accept('CASCADE');
  if (!cascade) cursor.accept('RESTRICT');
  return { kind: 'drop', object, names, ifExists: isLax, cascade };
}

export function parseAlter(cursor: Cursor): StatementBody {
  cursor.expect('ALTER');
  if (!cursor.accept('TABLE')) cursor.refuse(`ALTER ${cursor.peek().raw}`);
  const table = cursor.qualifiedName();
  return { kind: 'alter-table', table, actions: [alterAction(cursor)] };
}

function alterAction(cursor: Cursor): AlterAction {
  if (cursor.accept('ADD')) return addColumns(cursor);
  if (cursor.accept('RENAME', 'TO')) return { kind: 'rename-table', to: cursor.qualifiedName() };
  if (cursor.accept('RENAME')) {
    cursor.accept('COLUMN');
    const from = cursor.name();
    cursor.expect('TO');
    return { kind: 'rename-column', from, to: cursor.name() };
  }
  if (cursor.accept('DROP')) return dropColumns(cursor);
  if (cursor.accept('SET', 'TBLPROPERTIES')) return { kind: 'set-properties', properties: parseProperties(cursor) };
  if (cursor.accept('UNSET', 'TBLPROPERTIES')) {
    const isLax = ifExists(cursor);
    cursor.expectOp('(');
    const keys = cursor.list(() => propertyKey(cursor));
    cursor.expectOp(')');
    return { kind: 'unset-properties', keys, ifExists: isLax };
  }
  if (cursor.accept('ALTER', 'COLUMN') || (!cursor.isRedshift && cursor.accept('CHANGE', 'COLUMN')))
    return alterColumn(cursor);
  if (!cursor.isRedshift && cursor.accept('CLUSTER', 'BY'))
    return { kind: 'cluster-by', columns: cursor.isOp('(') ? clusterColumns(cursor) : autoCluster(cursor) };
  if (cursor.accept('OWNER', 'TO')) return { kind: 'set-owner', owner: cursor.name() };
  return cursor.refuse(`ALTER TABLE … ${cursor.peek().raw}`);
}

function addColumns(cursor: Cursor): AlterAction {
  if (cursor.isWord('CONSTRAINT')) cursor.refuse('ADD CONSTRAINT');
  if (!cursor.accept('COLUMNS')) cursor.accept('COLUMN');
  const isLax = ifNotExists(cursor);
  const one = () => ({ ...columnDefinition(cursor, null), position: position(cursor) });
  if (!cursor.acceptOp('(')) {
    const columns = cursor.isRedshift ? [one()] : cursor.list(one);
    return { kind: 'add-columns', columns, ifNotExists: isLax };
  }
  const columns = cursor.list(one);
  cursor.expectOp(')');
  return { kind: 'add-columns', columns, ifNotExists: isLax };
}

type Position = { kind: 'first' } | { kind: 'after'; column: string } | null;

function position(cursor: Cursor): Position {
  if (cursor.isRedshift) return null;
  if (cursor.accept('FIRST')) return { kind: 'first' };
  return cursor.accept('AFTER') ? { kind: 'after', column: cursor.name() } : null;
}

function dropColumns(cursor: Cursor): AlterAction {
  if (cursor.isWord('CONSTRAINT')) cursor.refuse('DROP CONSTRAINT');
  if (!cursor.accept('COLUMNS')) cursor.accept('COLUMN');
  const isLax = ifExists(cursor);
  const columns = cursor.isOp('(') ? cursor.nameList() : cursor.list(() => cursor.name());
  if (cursor.isRedshift && !cursor.accept('CASCADE')) cursor.accept('RESTRICT');
  return { kind: 'drop-columns', columns, ifExists: isLax };
}

function alterColumn(cursor: Cursor): AlterAction {
  const column = cursor.name();
  if (cursor.accept('COMMENT')) return { kind: 'column-comment', column, comment: cursor.string() };
  if (cursor.accept('SET', 'NOT', 'NULL')) return { kind: 'column-nullable', column, nullable: false };
  if (cursor.accept('DROP', 'NOT', 'NULL')) return { kind: 'column-nullable', column, nullable: true };
  if (cursor.isRedshift && cursor.accept('TYPE')) return { kind: 'column-type', column, type: parseType(cursor).type };
  const place = position(cursor);
  return place === null
    ? cursor.refuse('this change of a column')
    : { kind: 'column-position', column, position: place };
}

export function parseCommentOn(cursor: Cursor): StatementBody {
  cursor.expect('COMMENT', 'ON');
  const object = cursor.accept('TABLE') ? 'table' : cursor.accept('COLUMN') ? 'column' : 'schema';
  if (object === 'schema') cursor.expect('SCHEMA');
  const name = cursor.qualifiedName();
  cursor.expect('IS');
  return { kind: 'comment-on', object, name, comment: cursor.accept('NULL') ? null : cursor.string() };
}
