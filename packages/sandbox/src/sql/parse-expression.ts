/** Expressions: precedence climbing, one function a level; chains of one operator stay flat. */
import type { CompareOp, Expression } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { parsePrimary } from './parse-primary.ts';
import { parseType } from './parse-type.ts';

export function parseExpression(cursor: Cursor): Expression {
  return cursor.nested(() => logical(cursor, 'or'));
}

function logical(cursor: Cursor, kind: 'and' | 'or'): Expression {
  const at = cursor.at;
  const operand = () => (kind === 'or' ? logical(cursor, 'and') : negation(cursor));
  const first = operand();
  const word = kind === 'or' ? 'OR' : 'AND';
  if (!cursor.isWord(word)) return first;
  const operands = [first];
  while (cursor.accept(word)) operands.push(operand());
  return { kind, at, operands };
}

function negation(cursor: Cursor): Expression {
  const at = cursor.at;
  if (cursor.accept('NOT')) return cursor.nested(() => ({ kind: 'not', at, operand: negation(cursor) }));
  return predicate(cursor);
}

const COMPARISONS = new Set(['=', '<>', '<', '<=', '>', '>=', '<=>']);

function predicate(cursor: Cursor): Expression {
  let left = parseValue(cursor);
  const token = cursor.peek();
  if (token.kind === 'op' && COMPARISONS.has(token.text)) {
    if (token.text === '<=>' && cursor.isRedshift) cursor.fail('no operator <=>');
    cursor.take();
    if (cursor.isWord('ANY') || cursor.isWord('SOME') || cursor.isWord('ALL')) cursor.refuse('a quantified comparison');
    const right = parseValue(cursor);
    left = { kind: 'compare', at: token.at, op: token.text as CompareOp, left, right };
    const next = cursor.peek();
    // Readings differ between the dialects from here on; brackets make them plain.
    if (next.kind === 'op' && COMPARISONS.has(next.text)) cursor.refuse('a chain of comparisons without brackets');
    if (isSuffix(cursor)) cursor.refuse(`${next.text} behind a comparison without brackets`);
  } else left = suffix(cursor, left);
  while (cursor.isWord('IS')) left = isTest(cursor, left);
  return left;
}

const SUFFIXES = ['BETWEEN', 'IN', 'LIKE', 'ILIKE', 'RLIKE', 'REGEXP', 'SIMILAR'];

function isSuffix(cursor: Cursor): boolean {
  return SUFFIXES.some((word) => cursor.isWord(word) || cursor.isWord('NOT', word));
}

function suffix(cursor: Cursor, operand: Expression): Expression {
  if (!isSuffix(cursor)) return operand;
  const at = cursor.at;
  const negated = cursor.accept('NOT');
  let result: Expression;
  if (cursor.accept('BETWEEN')) {
    if (cursor.isWord('SYMMETRIC')) cursor.refuse('BETWEEN SYMMETRIC');
    const low = parseValue(cursor);
    cursor.expect('AND');
    result = { kind: 'between', at, operand, low, high: parseValue(cursor), negated };
  } else if (cursor.accept('IN')) result = inTest(cursor, operand, at, negated);
  else {
    const caseInsensitive = cursor.accept('ILIKE');
    if (!caseInsensitive && !cursor.accept('LIKE')) cursor.refuse(cursor.peek().text);
    if (cursor.isWord('ANY') || cursor.isWord('ALL') || cursor.isWord('SOME')) cursor.refuse('LIKE ANY and LIKE ALL');
    const pattern = parseValue(cursor);
    const escapeChar = cursor.accept('ESCAPE') ? parseValue(cursor) : null;
    result = { kind: 'like', at, operand, pattern, escape: escapeChar, caseInsensitive, negated };
  }
  if (isSuffix(cursor)) cursor.refuse(`${cursor.peek().text} behind another test without brackets`);
  return result;
}

function inTest(cursor: Cursor, operand: Expression, at: number, negated: boolean): Expression {
  cursor.expectOp('(');
  if (cursor.isWord('SELECT') || cursor.isWord('WITH') || cursor.isWord('VALUES')) {
    const query = cursor.options.parseQuery(cursor);
    cursor.expectOp(')');
    return { kind: 'in-query', at, operand, query, negated };
  }
  const items = cursor.list(() => parseExpression(cursor));
  cursor.expectOp(')');
  return { kind: 'in-list', at, operand, items, negated };
}

function isTest(cursor: Cursor, operand: Expression): Expression {
  const at = cursor.at;
  cursor.expect('IS');
  const negated = cursor.accept('NOT');
  if (cursor.accept('NULL') || cursor.accept('UNKNOWN')) return { kind: 'is-null', at, operand, negated };
  if (cursor.accept('TRUE')) return { kind: 'is-boolean', at, operand, value: true, negated };
  if (cursor.accept('FALSE')) return { kind: 'is-boolean', at, operand, value: false, negated };
  if (cursor.accept('DISTINCT', 'FROM'))
    return { kind: 'is-distinct', at, left: operand, right: parseValue(cursor), negated };
  return cursor.fail('expected NULL, TRUE, FALSE or DISTINCT FROM');
}

/** What stands on one side of a comparison: everything above the comparison operators. */
export function parseValue(cursor: Cursor): Expression {
  const left = additive(cursor);
  if (cursor.isRedshift && cursor.isOp('||')) {
    // On Redshift || binds weaker than + and -; on Databricks all three are one level.
    const operands = [left];
    const at = cursor.at;
    while (cursor.acceptOp('||')) operands.push(additive(cursor));
    return refuseOperators(cursor, { kind: 'concat', at, operands });
  }
  return refuseOperators(cursor, left);
}

const REFUSED_OPERATORS = new Set(['~', '~*', '!~', '!~*', '^', '&', '|', '#', '->', '!', ':', '?', '@', '$', '{']);

function refuseOperators(cursor: Cursor, expression: Expression): Expression {
  const token = cursor.peek();
  if (token.kind === 'op' && REFUSED_OPERATORS.has(token.text)) cursor.refuse(`the operator ${token.text}`);
  return expression;
}

function additive(cursor: Cursor): Expression {
  let left = multiplicative(cursor);
  let chain: Expression | null = null;
  for (;;) {
    const { at, kind, text } = cursor.peek();
    if (kind !== 'op') return left;
    if (text === '||' && !cursor.isRedshift) {
      cursor.take();
      const operand = multiplicative(cursor);
      if (chain?.kind === 'concat') chain.operands.push(operand);
      else left = chain = { kind: 'concat', at, operands: [left, operand] };
    } else if (text === '+' || text === '-') {
      cursor.take();
      const step = { op: text, operand: multiplicative(cursor), at } as const;
      if (chain?.kind === 'arithmetic') chain.rest.push(step);
      else left = chain = { kind: 'arithmetic', at, first: left, rest: [step] };
    } else return left;
  }
}

function multiplicative(cursor: Cursor): Expression {
  const left = unary(cursor);
  const rest: Extract<Expression, { kind: 'arithmetic' }>['rest'] = [];
  for (;;) {
    const { at, kind, text } = cursor.peek();
    if (cursor.isWord('DIV') && !cursor.isRedshift) cursor.refuse('the operator DIV');
    if (kind !== 'op' || (text !== '*' && text !== '/' && text !== '%')) break;
    cursor.take();
    rest.push({ op: text, operand: unary(cursor), at });
  }
  return rest.length === 0 ? left : { kind: 'arithmetic', at: left.at, first: left, rest };
}

function unary(cursor: Cursor): Expression {
  const at = cursor.at;
  if (cursor.acceptOp('-')) return cursor.nested(() => ({ kind: 'negate', at, operand: unary(cursor) }));
  if (cursor.acceptOp('+')) return cursor.nested(() => ({ kind: 'plus', at, operand: unary(cursor) }));
  return postfix(cursor);
}

/** Each is one level of recursion for the emitter. */
const MAX_POSTFIXES = 50;

function postfix(cursor: Cursor): Expression {
  let operand = parsePrimary(cursor);
  for (let depth = 0; ; depth += 1) {
    const at = cursor.at;
    if (depth > MAX_POSTFIXES) cursor.refuse('so long a chain of casts');
    if (cursor.acceptOp('::')) {
      operand = { kind: 'cast', at, operand, ...parseType(cursor), isTry: false };
    } else if (cursor.acceptOp('[')) {
      operand = { kind: 'index', at, operand, index: parseExpression(cursor) };
      cursor.expectOp(']');
    } else if (cursor.acceptOp('.')) {
      operand = { kind: 'field', at, operand, name: cursor.name() };
    } else if (cursor.isRedshift && cursor.accept('AT', 'TIME', 'ZONE')) {
      operand = { kind: 'at-time-zone', at, operand, zone: parsePrimary(cursor) };
    } else if (cursor.isWord('COLLATE')) cursor.refuse('COLLATE');
    else return operand;
  }
}
