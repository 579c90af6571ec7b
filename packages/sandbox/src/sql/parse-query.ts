/** SELECT and what can stand in its place. */
import type {
  CommonTable,
  Expression,
  FromItem,
  Query,
  QueryBody,
  Select,
  SelectItem,
  Source,
  TimeTravel,
} from './ast.ts';
import type { Cursor } from './cursor.ts';
import { parseSortKeys } from './parse-call.ts';
import { parseExpression } from './parse-expression.ts';

export function parseQuery(cursor: Cursor): Query {
  return cursor.nested(() => {
    const at = cursor.at;
    const common = cursor.accept('WITH') ? parseWith(cursor) : [];
    const top: { limit: Expression | null } = { limit: null };
    const body = setOperations(cursor, top, 0);
    const query: Query = { kind: 'query', at, with: common, body, orderBy: [], limit: top.limit, offset: null };
    if (cursor.accept('ORDER', 'BY')) query.orderBy = parseSortKeys(cursor);
    tail(cursor, query);
    return query;
  });
}

function tail(cursor: Cursor, query: Query): void {
  for (;;) {
    if (cursor.accept('LIMIT')) {
      if (query.limit !== null) cursor.fail('a second LIMIT');
      if (cursor.accept('ALL')) continue;
      query.limit = parseExpression(cursor);
    } else if (cursor.accept('OFFSET')) query.offset = parseExpression(cursor);
    else break;
  }
  for (const word of ['FETCH', 'FOR', 'SORT', 'DISTRIBUTE', 'CLUSTER', 'WINDOW'])
    if (cursor.isWord(word)) cursor.refuse(word);
}

function parseWith(cursor: Cursor): CommonTable[] {
  if (cursor.isWord('RECURSIVE')) cursor.refuse('WITH RECURSIVE');
  return cursor.list(() => {
    const name = cursor.name();
    const columnAliases = cursor.isOp('(') ? cursor.nameList() : null;
    cursor.expect('AS');
    cursor.expectOp('(');
    const query = parseQuery(cursor);
    cursor.expectOp(')');
    return { name, columnAliases, query };
  });
}

type Operation = { op: 'union' | 'except' | 'intersect'; level: number };

function operation(cursor: Cursor): Operation | null {
  if (cursor.isWord('UNION')) return { op: 'union', level: 1 };
  if (cursor.isWord('EXCEPT') || cursor.isWord('MINUS')) return { op: 'except', level: 1 };
  // INTERSECT binds tighter, in both.
  if (cursor.isWord('INTERSECT')) return { op: 'intersect', level: 2 };
  return null;
}

function setOperations(cursor: Cursor, top: { limit: Expression | null }, level: number): QueryBody {
  let left = level < 2 ? setOperations(cursor, top, level + 1) : queryTerm(cursor, top);
  if (level === 0) return left;
  for (let next = operation(cursor); next !== null && next.level === level; next = operation(cursor)) {
    const at = cursor.take().at;
    if (top.limit !== null) cursor.refuse('TOP inside a set operation');
    const all = cursor.accept('ALL');
    if (!all) cursor.accept('DISTINCT');
    if (cursor.isRedshift && all && next.op !== 'union') cursor.fail(`${next.op.toUpperCase()} ALL is not Redshift`);
    const right = level < 2 ? setOperations(cursor, top, level + 1) : queryTerm(cursor, top);
    if (top.limit !== null) cursor.refuse('TOP inside a set operation');
    left = { kind: 'set-operation', at, op: next.op, all, left, right };
  }
  return left;
}

function queryTerm(cursor: Cursor, top: { limit: Expression | null }): QueryBody {
  const at = cursor.at;
  if (cursor.acceptOp('(')) {
    const query = parseQuery(cursor);
    cursor.expectOp(')');
    return { kind: 'nested', at, query };
  }
  if (cursor.accept('VALUES')) return { kind: 'values', at, rows: cursor.list(() => valuesRow(cursor)) };
  return parseSelect(cursor, top);
}

function valuesRow(cursor: Cursor): Expression[] {
  if (!cursor.acceptOp('(')) return [parseExpression(cursor)];
  const row = cursor.list(() => parseExpression(cursor));
  cursor.expectOp(')');
  return row;
}

function parseSelect(cursor: Cursor, top: { limit: Expression | null }): Select {
  const at = cursor.at;
  cursor.expect('SELECT');
  if (cursor.isRedshift && cursor.isWord('TOP') && cursor.peek(1).kind === 'number') {
    cursor.take();
    const token = cursor.take();
    top.limit = { kind: 'literal', at: token.at, value: { type: 'integer', text: token.text } };
  }
  const distinct = cursor.accept('DISTINCT');
  if (!distinct) cursor.accept('ALL');
  if (distinct && cursor.isWord('ON')) cursor.refuse('DISTINCT ON');
  const items = parseSelectItems(cursor);
  if (cursor.isWord('INTO')) cursor.refuse('SELECT INTO');
  const from = cursor.accept('FROM') ? cursor.list(() => parseFromItem(cursor)) : [];
  const where = cursor.accept('WHERE') ? parseExpression(cursor) : null;
  const groupBy = cursor.accept('GROUP', 'BY') ? groupKeys(cursor) : [];
  const having = cursor.accept('HAVING') ? parseExpression(cursor) : null;
  const qualify = cursor.accept('QUALIFY') ? parseExpression(cursor) : null;
  return { kind: 'select', at, distinct, items, from, where, groupBy, having, qualify };
}

function groupKeys(cursor: Cursor): Expression[] {
  for (const word of ['ALL', 'ROLLUP', 'CUBE', 'GROUPING']) if (cursor.isWord(word)) cursor.refuse(`GROUP BY ${word}`);
  const keys = cursor.list(() => parseExpression(cursor));
  if (cursor.isWord('WITH') || cursor.isWord('GROUPING')) cursor.refuse('GROUP BY with several groupings');
  return keys;
}

export function parseSelectItems(cursor: Cursor): SelectItem[] {
  return cursor.list(() => {
    const at = cursor.at;
    const qualifier = starQualifier(cursor);
    if (qualifier !== undefined) {
      const except = !cursor.isRedshift && cursor.isWord('EXCEPT') && cursor.isOp('(', 1);
      if (except) cursor.take();
      return { kind: 'star', at, qualifier, except: except ? cursor.nameList() : [] };
    }
    const expression = parseExpression(cursor);
    return { kind: 'expression', at, expression, alias: cursor.alias() };
  });
}

function starQualifier(cursor: Cursor): string[] | null | undefined {
  if (cursor.acceptOp('*')) return null;
  const mark = cursor.mark();
  const parts: string[] = [];
  while (cursor.isName() && cursor.isOp('.', 1)) {
    parts.push(cursor.name());
    cursor.expectOp('.');
  }
  if (parts.length > 0 && cursor.acceptOp('*')) return parts;
  cursor.back(mark);
  return undefined;
}

// ---------------------------------------------------------------- FROM

const JOINS: [string[], Extract<FromItem, { kind: 'join' }>['type']][] = [
  [['CROSS', 'JOIN'], 'cross'],
  [['INNER', 'JOIN'], 'inner'],
  [['LEFT', 'OUTER', 'JOIN'], 'left'],
  [['LEFT', 'SEMI', 'JOIN'], 'semi'],
  [['LEFT', 'ANTI', 'JOIN'], 'anti'],
  [['LEFT', 'JOIN'], 'left'],
  [['RIGHT', 'OUTER', 'JOIN'], 'right'],
  [['RIGHT', 'JOIN'], 'right'],
  [['FULL', 'OUTER', 'JOIN'], 'full'],
  [['FULL', 'JOIN'], 'full'],
  [['SEMI', 'JOIN'], 'semi'],
  [['ANTI', 'JOIN'], 'anti'],
  [['JOIN'], 'inner'],
];

function parseFromItem(cursor: Cursor): FromItem {
  let left = fromPrimary(cursor);
  for (;;) {
    const at = cursor.at;
    if (cursor.isWord('NATURAL')) cursor.refuse('NATURAL JOIN');
    const join = JOINS.find(([words]) => cursor.accept(words[0] as string, words[1], words[2]));
    if (join === undefined) return left;
    const type = join[1];
    if ((type === 'semi' || type === 'anti') && cursor.isRedshift) cursor.fail('Redshift has no such join', at);
    const right = fromPrimary(cursor);
    let on: Expression | null = null;
    let using: string[] | null = null;
    if (cursor.accept('ON')) on = parseExpression(cursor);
    else if (cursor.accept('USING')) using = cursor.nameList();
    else if (type !== 'cross') cursor.refuse('a JOIN without ON or USING');
    left = { kind: 'join', at, type, left, right, on, using };
  }
}

function fromPrimary(cursor: Cursor): FromItem {
  const at = cursor.at;
  if (cursor.isWord('LATERAL')) cursor.refuse('LATERAL');
  if (cursor.acceptOp('(')) {
    const isQuery = cursor.isWord('SELECT') || cursor.isWord('WITH') || cursor.isWord('VALUES') || cursor.isOp('(');
    if (!isQuery) {
      const item = parseFromItem(cursor);
      cursor.expectOp(')');
      if (cursor.alias() !== null) cursor.refuse('an alias of a bracketed join', at);
      return item;
    }
    const query = parseQuery(cursor);
    cursor.expectOp(')');
    return { kind: 'derived', at, query, ...aliases(cursor) };
  }
  if (cursor.isWord('VALUES')) {
    cursor.take();
    const body: QueryBody = { kind: 'values', at, rows: cursor.list(() => valuesRow(cursor)) };
    return {
      kind: 'derived',
      at,
      query: { kind: 'query', at, with: [], body, orderBy: [], limit: null, offset: null },
      ...aliases(cursor),
    };
  }
  const source = parseSource(cursor);
  const item: FromItem = { kind: 'source', at, source, ...aliases(cursor) };
  for (const word of ['TABLESAMPLE', 'PIVOT', 'UNPIVOT', 'LATERAL']) if (cursor.isWord(word)) cursor.refuse(word);
  return item;
}

function aliases(cursor: Cursor): { alias: string | null; columnAliases: string[] | null } {
  const alias = cursor.alias();
  return { alias, columnAliases: alias !== null && cursor.isOp('(') ? cursor.nameList() : null };
}

export function parseSource(cursor: Cursor): Source {
  const at = cursor.at;
  if (cursor.isWord('READ_FILES') && cursor.isOp('(', 1) && !cursor.isRedshift) return readFiles(cursor, at);
  const name = cursor.qualifiedName();
  if (cursor.isOp('(')) cursor.refuse(`the table function ${name.join('.')}`, at);
  const last = name.at(-1) as string;
  if (cursor.isRedshift) return { kind: 'table', at, name, timeTravel: null };
  if (name.length === 2 && last.includes('://')) {
    return { kind: 'files', at, format: (name[0] as string).toLowerCase(), path: last };
  }
  return { kind: 'table', at, name, timeTravel: timeTravel(cursor) };
}

function timeTravel(cursor: Cursor): TimeTravel | null {
  if (cursor.acceptOp('@')) {
    const token = cursor.take();
    const match = /^v(\d+)$/i.exec(token.raw);
    if (match === null) cursor.refuse('@ with a timestamp', token.at);
    return { kind: 'version', version: BigInt((match as RegExpExecArray)[1] as string) };
  }
  const isFor = cursor.accept('FOR');
  if (cursor.accept('VERSION', 'AS', 'OF') || cursor.accept('SYSTEM_VERSION', 'AS', 'OF')) {
    const token = cursor.take();
    if (!/^\d+$/.test(token.text)) cursor.fail('expected a version', token.at);
    return { kind: 'version', version: BigInt(token.text) };
  }
  if (cursor.accept('TIMESTAMP', 'AS', 'OF')) return { kind: 'timestamp', expression: parseExpression(cursor) };
  if (isFor) cursor.fail('expected VERSION AS OF or TIMESTAMP AS OF');
  return null;
}

function readFiles(cursor: Cursor, at: number): Source {
  cursor.take();
  cursor.expectOp('(');
  const path = cursor.string();
  const options: Record<string, string> = {};
  while (cursor.acceptOp(',')) {
    const name = cursor.name().toLowerCase();
    cursor.expectOp('=>');
    if (Object.hasOwn(options, name)) cursor.fail(`the option ${name} is given twice`);
    const token = cursor.take();
    const isValue =
      token.kind === 'string' || token.kind === 'number' || token.text === 'TRUE' || token.text === 'FALSE';
    if (!isValue) cursor.refuse(`this value of ${name}`, token.at);
    options[name] = token.kind === 'word' ? token.text.toLowerCase() : token.text;
  }
  cursor.expectOp(')');
  return { kind: 'read-files', at, path, options };
}
