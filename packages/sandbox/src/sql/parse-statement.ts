/** One statement: what its first words choose, and the plain data changes. */
import type { Insert, StatementBody } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { parseCopyInto } from './parse-copy-into.ts';
import { parseAlter, parseCommentOn, parseCreate, parseDrop } from './parse-ddl.ts';
import { parseExpression } from './parse-expression.ts';
import { parseQuery } from './parse-query.ts';
import { parseDatabricksSet, parseDescribe, parseRedshiftSet, parseShow, parseUse } from './parse-session.ts';
import { parseUnload } from './parse-unload.ts';

export function parseStatementBody(cursor: Cursor): StatementBody {
  const { kind, text, at } = cursor.peek();
  if (kind === 'op' && text === '(') return parseQuery(cursor);
  if (kind !== 'word') cursor.fail('expected a statement');
  const common = COMMON[text];
  if (common !== undefined) return common(cursor);
  const own = (cursor.isRedshift ? REDSHIFT : DATABRICKS)[text];
  if (own !== undefined) return own(cursor);
  return cursor.refuse(`the statement ${text}`, at);
}

type StatementParser = (cursor: Cursor) => StatementBody;

const COMMON: Record<string, StatementParser> = {
  SELECT: parseQuery,
  WITH: parseQuery,
  VALUES: parseQuery,
  INSERT: parseInsert,
  UPDATE: parseUpdate,
  DELETE: parseDelete,
  CREATE: parseCreate,
  DROP: parseDrop,
  ALTER: parseAlter,
  TRUNCATE: parseTruncate,
  EXPLAIN: parseExplain,
  COMMENT: parseCommentOn,
  SHOW: parseShow,
};

const REDSHIFT: Record<string, StatementParser> = {
  BEGIN: parseBegin,
  START: parseBegin,
  COMMIT: (cursor) => endTransaction(cursor, 'commit'),
  END: (cursor) => endTransaction(cursor, 'commit'),
  ROLLBACK: (cursor) => endTransaction(cursor, 'rollback'),
  ABORT: (cursor) => endTransaction(cursor, 'rollback'),
  SET: parseRedshiftSet,
  RESET: parseRedshiftSet,
  UNLOAD: parseUnload,
};

const DATABRICKS: Record<string, StatementParser> = {
  SET: parseDatabricksSet,
  RESET: parseDatabricksSet,
  COPY: parseCopyInto,
  DESCRIBE: parseDescribe,
  DESC: parseDescribe,
  USE: parseUse,
  OPTIMIZE: parseOptimize,
  VACUUM: parseVacuum,
};

function parseInsert(cursor: Cursor): StatementBody {
  cursor.expect('INSERT');
  const isOverwrite = !cursor.isRedshift && cursor.accept('OVERWRITE');
  if (!isOverwrite) cursor.expect('INTO');
  if (!cursor.isRedshift) cursor.accept('TABLE');
  const insert: Omit<Insert, 'query'> = {
    kind: 'insert',
    table: cursor.qualifiedName(),
    columns: null,
    byName: false,
    mode: isOverwrite ? 'overwrite' : 'append',
    replaceWhere: null,
  };
  if (cursor.isWord('PARTITION')) cursor.refuse('INSERT … PARTITION');
  if (cursor.isOp('(') && !startsQuery(cursor)) insert.columns = cursor.nameList();
  if (!cursor.isRedshift && cursor.accept('BY', 'NAME')) insert.byName = true;
  if (!cursor.isRedshift && cursor.accept('REPLACE')) {
    if (!cursor.accept('WHERE')) cursor.refuse('REPLACE USING and REPLACE ON');
    if (isOverwrite) cursor.fail('INSERT OVERWRITE takes no REPLACE WHERE');
    insert.mode = 'replace-where';
    insert.replaceWhere = parseExpression(cursor);
  }
  if (cursor.isWord('DEFAULT')) cursor.refuse('INSERT … DEFAULT VALUES');
  cursor.accept('TABLE');
  return { ...insert, query: parseQuery(cursor) };
}

function startsQuery(cursor: Cursor): boolean {
  const next = cursor.peek(1);
  if (next.kind === 'op' && next.text === '(') return true;
  return next.kind === 'word' && (next.text === 'SELECT' || next.text === 'WITH' || next.text === 'VALUES');
}

function parseUpdate(cursor: Cursor): StatementBody {
  cursor.expect('UPDATE');
  const table = cursor.qualifiedName();
  const alias = cursor.isWord('SET') ? null : cursor.alias();
  cursor.expect('SET');
  const set = cursor.list(() => {
    const parts = cursor.qualifiedName();
    const column = parts.at(-1) as string;
    if (parts.length > 2) cursor.refuse('an update of a part of a column');
    cursor.expectOp('=');
    if (cursor.isWord('DEFAULT')) cursor.refuse('SET … = DEFAULT');
    return { column, value: parseExpression(cursor) };
  });
  if (cursor.isWord('FROM')) cursor.refuse('UPDATE … FROM');
  const where = cursor.accept('WHERE') ? parseExpression(cursor) : null;
  return { kind: 'update', table, alias, set, where };
}

function parseDelete(cursor: Cursor): StatementBody {
  cursor.expect('DELETE');
  if (!cursor.accept('FROM') && !cursor.isRedshift) cursor.fail('expected FROM');
  const table = cursor.qualifiedName();
  const alias = cursor.alias();
  if (cursor.isWord('USING')) cursor.refuse('DELETE … USING');
  const where = cursor.accept('WHERE') ? parseExpression(cursor) : null;
  return { kind: 'delete', table, alias, where };
}

function parseTruncate(cursor: Cursor): StatementBody {
  cursor.expect('TRUNCATE');
  if (!cursor.accept('TABLE') && !cursor.isRedshift) cursor.fail('expected TABLE');
  return { kind: 'truncate', table: cursor.qualifiedName() };
}

function parseExplain(cursor: Cursor): StatementBody {
  cursor.expect('EXPLAIN');
  let mode: Extract<StatementBody, { kind: 'explain' }>['mode'] = 'plain';
  if (cursor.isRedshift && cursor.accept('VERBOSE')) mode = 'verbose';
  else if (!cursor.isRedshift && cursor.accept('EXTENDED')) mode = 'extended';
  else if (!cursor.isRedshift && cursor.accept('FORMATTED')) mode = 'formatted';
  const at = cursor.at;
  const body = parseStatementBody(cursor);
  return { kind: 'explain', mode, statement: { body, raw: cursor.text.slice(at, cursor.endBefore), at } };
}

function parseBegin(cursor: Cursor): StatementBody {
  if (cursor.accept('START')) cursor.expect('TRANSACTION');
  else {
    cursor.expect('BEGIN');
    if (!cursor.accept('WORK')) cursor.accept('TRANSACTION');
  }
  // The isolation level of a transaction is the database's on Redshift, whatever is written here.
  if (cursor.accept('ISOLATION', 'LEVEL')) {
    const isKnown =
      ['SERIALIZABLE', 'SNAPSHOT'].some((word) => cursor.accept(word)) || cursor.accept('REPEATABLE', 'READ');
    if (!isKnown) cursor.expect('READ', 'COMMITTED');
  }
  const readOnly = cursor.accept('READ', 'ONLY');
  if (!readOnly) cursor.accept('READ', 'WRITE');
  return { kind: 'begin', readOnly };
}

function endTransaction(cursor: Cursor, kind: 'commit' | 'rollback'): StatementBody {
  cursor.take();
  if (!cursor.accept('WORK')) cursor.accept('TRANSACTION');
  return { kind };
}

function parseOptimize(cursor: Cursor): StatementBody {
  cursor.expect('OPTIMIZE');
  const table = cursor.qualifiedName();
  const full = cursor.accept('FULL');
  const where = cursor.accept('WHERE') ? parseExpression(cursor) : null;
  if (cursor.isWord('ZORDER')) cursor.refuse('ZORDER BY');
  return { kind: 'optimize', table, where, full };
}

function parseVacuum(cursor: Cursor): StatementBody {
  cursor.expect('VACUUM');
  const table = cursor.qualifiedName();
  const from = cursor.at;
  while (cursor.peek().kind !== 'end' && !cursor.isOp(';')) cursor.take();
  return { kind: 'vacuum', table, options: cursor.text.slice(from, Math.max(from, cursor.endBefore)).trim() };
}
