/** SET, USE, SHOW and DESCRIBE. */
import type { StatementBody } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression } from './parse-expression.ts';

function restOfStatement(cursor: Cursor): string {
  const from = cursor.at;
  while (cursor.peek().kind !== 'end' && !cursor.isOp(';')) cursor.take();
  return cursor.text.slice(from, Math.max(from, cursor.endBefore)).trim();
}

function settingValue(cursor: Cursor): string {
  const sign = cursor.acceptOp('-') ? '-' : '';
  const token = cursor.take();
  if (token.kind === 'end' || token.kind === 'op') cursor.fail('expected a value', token.at);
  return sign + (token.kind === 'word' ? token.raw : token.text);
}

export function parseRedshiftSet(cursor: Cursor): StatementBody {
  if (cursor.accept('RESET'))
    return { kind: 'set', key: cursor.qualifiedName().join('.'), value: null, isLocal: false };
  cursor.expect('SET');
  const isLocal = cursor.accept('LOCAL');
  if (!isLocal) cursor.accept('SESSION');
  if (cursor.isWord('SESSION') || cursor.isWord('AUTHORIZATION')) cursor.refuse('SET SESSION AUTHORIZATION');
  if (cursor.accept('TIME', 'ZONE')) return { kind: 'set', key: 'timezone', value: settingOrDefault(cursor), isLocal };
  const key = cursor.qualifiedName().join('.');
  if (!cursor.accept('TO')) cursor.expectOp('=');
  return { kind: 'set', key, value: settingOrDefault(cursor), isLocal };
}

function settingOrDefault(cursor: Cursor): string | null {
  if (cursor.accept('DEFAULT')) return null;
  return cursor.list(() => settingValue(cursor)).join(', ');
}

export function parseDatabricksSet(cursor: Cursor): StatementBody {
  if (cursor.accept('RESET'))
    return { kind: 'set', key: cursor.qualifiedName().join('.'), value: null, isLocal: false };
  cursor.expect('SET');
  if (cursor.accept('TIME', 'ZONE'))
    return { kind: 'set', key: 'timezone', value: settingValue(cursor), isLocal: false };
  if (cursor.isWord('VAR') || cursor.isWord('VARIABLE') || cursor.isWord('TAG'))
    cursor.refuse(`SET ${cursor.peek().raw}`);
  if (!cursor.isName()) return { kind: 'show-setting', key: null };
  const key = cursor.qualifiedName().join('.');
  if (!cursor.acceptOp('=')) return { kind: 'show-setting', key };
  const value = cursor.peek().kind === 'string' ? cursor.string() : restOfStatement(cursor);
  return { kind: 'set', key, value, isLocal: false };
}

export function parseUse(cursor: Cursor): StatementBody {
  cursor.expect('USE');
  const object = cursor.accept('CATALOG') ? 'catalog' : 'schema';
  if (object === 'schema' && !cursor.accept('SCHEMA')) cursor.accept('DATABASE');
  return { kind: 'use', object, name: cursor.qualifiedName() };
}

export function parseShow(cursor: Cursor): StatementBody {
  cursor.expect('SHOW');
  const place = () => (cursor.accept('IN') || cursor.accept('FROM') ? qualified(cursor) : null);
  const like = () => {
    cursor.accept('LIKE');
    return cursor.peek().kind === 'string' ? cursor.string() : null;
  };
  if (cursor.accept('TABLES')) return { kind: 'show-tables', in: place(), like: like() };
  if (cursor.accept('SCHEMAS') || cursor.accept('DATABASES'))
    return { kind: 'show-schemas', in: place(), like: like() };
  if (cursor.isRedshift) return redshiftShow(cursor, place);
  if (cursor.accept('VIEWS')) return { kind: 'show-views', in: place(), like: like() };
  if (cursor.accept('CATALOGS')) return { kind: 'show-catalogs' };
  if (cursor.accept('CREATE', 'TABLE')) return { kind: 'show-create-table', table: cursor.qualifiedName() };
  if (cursor.accept('COLUMNS')) return { kind: 'show-columns', table: place() ?? cursor.fail('expected IN') };
  if (!cursor.accept('TBLPROPERTIES')) cursor.refuse(`SHOW ${cursor.peek().raw}`);
  const table = cursor.qualifiedName();
  if (!cursor.acceptOp('(')) return { kind: 'show-properties', table, key: null };
  const key = cursor.peek().kind === 'string' ? cursor.string() : qualified(cursor).join('.');
  cursor.expectOp(')');
  return { kind: 'show-properties', table, key };
}

function qualified(cursor: Cursor): string[] {
  cursor.accept('SCHEMA');
  cursor.accept('TABLE');
  return cursor.qualifiedName();
}

function redshiftShow(cursor: Cursor, place: () => string[] | null): StatementBody {
  if (cursor.accept('COLUMNS')) return { kind: 'show-columns', table: place() ?? cursor.fail('expected FROM TABLE') };
  if (cursor.accept('TABLE')) return { kind: 'show-create-table', table: cursor.qualifiedName() };
  for (const word of ['VIEW', 'PROCEDURE', 'GRANTS', 'DATASHARES', 'MODEL', 'EXTERNAL'])
    if (cursor.isWord(word)) cursor.refuse(`SHOW ${word}`);
  if (cursor.accept('TIME', 'ZONE')) return { kind: 'show-setting', key: 'timezone' };
  return { kind: 'show-setting', key: cursor.qualifiedName().join('.') };
}

export function parseDescribe(cursor: Cursor): StatementBody {
  cursor.take();
  if (cursor.accept('SCHEMA') || cursor.accept('DATABASE')) {
    const extended = cursor.accept('EXTENDED');
    return { kind: 'describe-schema', name: cursor.qualifiedName(), extended };
  }
  for (const word of ['QUERY', 'FUNCTION', 'CATALOG', 'VOLUME'])
    if (cursor.isWord(word)) cursor.refuse(`DESCRIBE ${word}`);
  if (cursor.isWord('SELECT') || cursor.isWord('WITH')) cursor.refuse('DESCRIBE of a query');
  cursor.accept('TABLE');
  const what = cursor.accept('DETAIL')
    ? 'detail'
    : cursor.accept('HISTORY')
      ? 'history'
      : cursor.accept('EXTENDED') || cursor.accept('FORMATTED')
        ? 'extended'
        : 'table';
  const table = cursor.qualifiedName();
  if (cursor.isWord('AS')) cursor.refuse('DESCRIBE … AS JSON');
  const limit = cursor.accept('LIMIT') ? parseExpression(cursor) : null;
  return { kind: 'describe', what, table, limit };
}
