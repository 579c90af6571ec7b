/** Literals, names, calls and the forms with syntax of their own. */
import type { Expression, Literal } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { makeCall, parseCall, SPECIAL_FORMS } from './parse-call.ts';
import { parseExpression } from './parse-expression.ts';
import { parseInterval } from './parse-interval.ts';
import { parseType } from './parse-type.ts';
import type { SqlType } from './sql-type.ts';

/** Words that begin no expression. */
const RESERVED = new Set(
  `AND AS ASC BETWEEN CROSS DESC ELSE END EXCEPT FROM FULL GROUP HAVING IN INNER INTERSECT INTO IS JOIN LIKE LIMIT MINUS
   OFFSET ON OR ORDER QUALIFY THEN UNION USING VALUES WHEN WHERE WITH SELECT`.split(/\s+/),
);

/** Calls that are written without brackets. */
const BARE_CALLS = new Set([
  'CURRENT_DATE',
  'CURRENT_TIMESTAMP',
  'CURRENT_TIME',
  'CURRENT_USER',
  'SESSION_USER',
  'SYSDATE',
  'USER',
  'LOCALTIMESTAMP',
]);

const REDSHIFT_LITERALS: Record<string, SqlType> = {
  DATE: { kind: 'date' },
  TIMESTAMP: { kind: 'timestamp' },
  TIMESTAMPTZ: { kind: 'timestamptz' },
  TIME: { kind: 'time' },
  TIMETZ: { kind: 'timetz' },
};

const DATABRICKS_LITERALS: Record<string, SqlType> = {
  DATE: { kind: 'date' },
  TIMESTAMP: { kind: 'timestamptz' },
  TIMESTAMP_LTZ: { kind: 'timestamptz' },
  TIMESTAMP_NTZ: { kind: 'timestamp' },
};

export function numberLiteral(text: string): Literal {
  const suffix = /(BD|[LSYDF])$/.exec(text)?.[1];
  const digits = suffix === undefined ? text : text.slice(0, -suffix.length);
  if (suffix === undefined) {
    const type = /[eE]/.test(digits) ? 'float' : digits.includes('.') ? 'decimal' : 'integer';
    return { type, text: digits };
  }
  if (suffix === 'BD') return { type: 'decimal', text: digits };
  const kinds = { L: 'bigint', S: 'smallint', Y: 'tinyint', D: 'double', F: 'real' } as const;
  return { type: 'typed', sqlType: { kind: kinds[suffix as keyof typeof kinds] }, value: digits };
}

function stringLiteral(cursor: Cursor): Expression {
  const at = cursor.at;
  let value = cursor.string();
  while (cursor.peek().kind === 'string') {
    // Databricks joins neighbours; Redshift only across lines.
    if (cursor.isRedshift) cursor.refuse('string literals side by side');
    value += cursor.string();
  }
  return { kind: 'literal', at, value: { type: 'string', value } };
}

function parseCase(cursor: Cursor, at: number): Expression {
  const operand = cursor.isWord('WHEN') ? null : parseExpression(cursor);
  const branches: { when: Expression; result: Expression }[] = [];
  while (cursor.accept('WHEN')) {
    const when = parseExpression(cursor);
    cursor.expect('THEN');
    branches.push({ when, result: parseExpression(cursor) });
  }
  if (branches.length === 0) cursor.fail('expected WHEN');
  const otherwise = cursor.accept('ELSE') ? parseExpression(cursor) : null;
  cursor.expect('END');
  return { kind: 'case', at, operand, branches, otherwise };
}

function bracketed(cursor: Cursor, at: number): Expression {
  cursor.expectOp('(');
  if (cursor.isWord('SELECT') || cursor.isWord('WITH') || cursor.isWord('VALUES')) {
    const query = cursor.options.parseQuery(cursor);
    cursor.expectOp(')');
    return { kind: 'scalar-query', at, query };
  }
  const inner = parseExpression(cursor);
  if (cursor.isOp(',')) cursor.refuse('a row of several values');
  cursor.expectOp(')');
  return inner;
}

function parseCast(cursor: Cursor, at: number, isTry: boolean): Expression {
  cursor.expectOp('(');
  const operand = parseExpression(cursor);
  cursor.expect('AS');
  const parsed = parseType(cursor);
  cursor.expectOp(')');
  return { kind: 'cast', at, operand, ...parsed, isTry };
}

function wordForm(cursor: Cursor, at: number): Expression | null {
  if (cursor.accept('NULL')) return { kind: 'literal', at, value: { type: 'null' } };
  if (cursor.accept('TRUE')) return { kind: 'literal', at, value: { type: 'boolean', value: true } };
  if (cursor.accept('FALSE')) return { kind: 'literal', at, value: { type: 'boolean', value: false } };
  if (cursor.accept('CASE')) return parseCase(cursor, at);
  if (cursor.isWord('INTERVAL') && !cursor.isOp('.', 1)) return parseInterval(cursor);
  const { text } = cursor.peek();
  const typed = (cursor.isRedshift ? REDSHIFT_LITERALS : DATABRICKS_LITERALS)[text];
  if (typed !== undefined && cursor.peek(1).kind === 'string') {
    cursor.take();
    return { kind: 'literal', at, value: { type: 'typed', sqlType: typed, value: cursor.string() } };
  }
  if (text === 'ARRAY' && cursor.isOp('[', 1)) cursor.refuse('ARRAY[…]');
  if (BARE_CALLS.has(text) && !cursor.isOp('(', 1) && !cursor.isOp('.', 1)) {
    cursor.take();
    return makeCall(text.toLowerCase(), at, []);
  }
  if (!cursor.isOp('(', 1)) return null;
  if (text === 'CAST' || text === 'TRY_CAST') {
    cursor.take();
    return parseCast(cursor, at, text === 'TRY_CAST');
  }
  if (text === 'EXISTS') {
    cursor.take();
    cursor.expectOp('(');
    const query = cursor.options.parseQuery(cursor);
    cursor.expectOp(')');
    return { kind: 'exists', at, query };
  }
  return SPECIAL_FORMS[text]?.(cursor, at) ?? null;
}

export function parsePrimary(cursor: Cursor): Expression {
  const token = cursor.peek();
  const at = token.at;
  switch (token.kind) {
    case 'string':
      return stringLiteral(cursor);
    case 'number':
      cursor.take();
      return { kind: 'literal', at, value: numberLiteral(token.text) };
    case 'bytes':
      cursor.take();
      return { kind: 'literal', at, value: { type: 'bytes', hex: token.text } };
    case 'parameter':
      cursor.take();
      return { kind: 'parameter', at, name: token.text };
    case 'op':
      return token.text === '(' ? bracketed(cursor, at) : cursor.fail('expected an expression');
    case 'word':
    case 'quoted':
      return namedForm(cursor, at);
    default:
      return cursor.fail('expected an expression');
  }
}

function namedForm(cursor: Cursor, at: number): Expression {
  if (cursor.peek().kind === 'word') {
    const form = wordForm(cursor, at);
    if (form !== null) return form;
    if (RESERVED.has(cursor.peek().text)) cursor.fail('expected an expression');
  }
  const parts = cursor.qualifiedName();
  if (cursor.isOp('(')) {
    // pg_catalog.f() is f(); any other qualifier names a function of the user.
    const isSystem = parts.length === 1 || (cursor.isRedshift && parts.length === 2 && parts[0] === 'pg_catalog');
    if (!isSystem) cursor.refuse(`the function ${parts.join('.')}`, at);
    return parseCall(cursor, (parts.at(-1) as string).toLowerCase(), at);
  }
  return { kind: 'column', at, parts };
}
