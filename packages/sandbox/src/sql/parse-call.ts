/** Function calls, their windows and filters, and the standard forms with words between the arguments. */
import type { Call, Expression, FrameBound, SortKey, WindowSpec } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression, parseValue } from './parse-expression.ts';

export function makeCall(name: string, at: number, args: Expression[]): Call {
  return {
    kind: 'call',
    at,
    name,
    args,
    named: [],
    distinct: false,
    star: false,
    withinGroup: null,
    filter: null,
    over: null,
    nulls: null,
  };
}

export function parseSortKeys(cursor: Cursor): SortKey[] {
  return cursor.list(() => {
    const expression = parseExpression(cursor);
    const descending = cursor.accept('DESC');
    if (!descending) cursor.accept('ASC');
    let nulls: SortKey['nulls'] = null;
    if (cursor.accept('NULLS', 'FIRST')) nulls = 'first';
    else if (cursor.accept('NULLS', 'LAST')) nulls = 'last';
    return { expression, descending, nulls };
  });
}

function frameBound(cursor: Cursor): FrameBound {
  if (cursor.accept('UNBOUNDED', 'PRECEDING')) return { kind: 'unbounded preceding' };
  if (cursor.accept('UNBOUNDED', 'FOLLOWING')) return { kind: 'unbounded following' };
  if (cursor.accept('CURRENT', 'ROW')) return { kind: 'current row' };
  const count = parseValue(cursor);
  if (cursor.accept('PRECEDING')) return { kind: 'preceding', count };
  cursor.expect('FOLLOWING');
  return { kind: 'following', count };
}

function parseWindow(cursor: Cursor): WindowSpec {
  if (!cursor.isOp('(')) cursor.refuse('a named window');
  cursor.expectOp('(');
  const spec: WindowSpec = { partitionBy: [], orderBy: [], frame: null };
  if (cursor.accept('PARTITION', 'BY')) spec.partitionBy = cursor.list(() => parseExpression(cursor));
  if (cursor.accept('ORDER', 'BY')) spec.orderBy = parseSortKeys(cursor);
  const unit = cursor.accept('ROWS') ? 'rows' : cursor.accept('RANGE') ? 'range' : null;
  if (unit !== null) {
    const isBetween = cursor.accept('BETWEEN');
    const start = frameBound(cursor);
    if (isBetween) cursor.expect('AND');
    spec.frame = { unit, start, end: isBetween ? frameBound(cursor) : { kind: 'current row' } };
  }
  cursor.expectOp(')');
  return spec;
}

function parseArguments(cursor: Cursor, call: Call): void {
  cursor.expectOp('(');
  if (cursor.acceptOp('*')) {
    call.star = true;
  } else if (!cursor.isOp(')')) {
    call.distinct = cursor.accept('DISTINCT');
    if (!call.distinct) cursor.accept('ALL');
    cursor.list(() => {
      if (cursor.isName() && cursor.isOp('=>', 1)) {
        const name = cursor.name().toLowerCase();
        cursor.expectOp('=>');
        call.named.push({ name, value: parseExpression(cursor) });
      } else {
        if (call.named.length > 0) cursor.fail('a positional argument behind a named one');
        call.args.push(parseExpression(cursor));
      }
    });
    if (cursor.isWord('ORDER')) cursor.refuse('ORDER BY inside a call');
    nullTreatment(cursor, call);
  }
  cursor.expectOp(')');
}

function nullTreatment(cursor: Cursor, call: Call): void {
  if (cursor.accept('IGNORE', 'NULLS')) call.nulls = 'ignore';
  else if (cursor.accept('RESPECT', 'NULLS')) call.nulls = 'respect';
}

/** The name is taken already; the cursor is at the bracket. */
export function parseCall(cursor: Cursor, name: string, at: number): Expression {
  const call = makeCall(name, at, []);
  parseArguments(cursor, call);
  if (cursor.accept('WITHIN', 'GROUP')) {
    cursor.expectOp('(');
    cursor.expect('ORDER', 'BY');
    call.withinGroup = parseSortKeys(cursor);
    cursor.expectOp(')');
  }
  if (cursor.isWord('FILTER') && cursor.isOp('(', 1)) {
    if (cursor.isRedshift) cursor.fail('Redshift has no FILTER clause');
    cursor.take();
    cursor.expectOp('(');
    cursor.expect('WHERE');
    call.filter = parseExpression(cursor);
    cursor.expectOp(')');
  }
  nullTreatment(cursor, call);
  if (cursor.accept('OVER')) call.over = parseWindow(cursor);
  return call;
}

type SpecialForm = (cursor: Cursor, at: number) => Expression | null;

function extractForm(cursor: Cursor, at: number): Expression {
  cursor.take();
  cursor.expectOp('(');
  const field = cursor.peek().kind === 'string' ? cursor.string().toLowerCase() : cursor.name().toLowerCase();
  cursor.expect('FROM');
  const operand = parseExpression(cursor);
  cursor.expectOp(')');
  return { kind: 'extract', at, field, operand };
}

/** SUBSTRING(x FROM a FOR b); the form with commas is an ordinary call. */
function substringForm(cursor: Cursor, at: number): Expression {
  cursor.take();
  cursor.expectOp('(');
  const args = [parseExpression(cursor)];
  if (cursor.accept('FROM')) {
    args.push(parseExpression(cursor));
    if (cursor.accept('FOR')) args.push(parseExpression(cursor));
  } else while (cursor.acceptOp(',')) args.push(parseExpression(cursor));
  cursor.expectOp(')');
  return makeCall('substring', at, args);
}

function trimForm(cursor: Cursor, at: number): Expression {
  cursor.take();
  cursor.expectOp('(');
  let name = 'btrim';
  if (cursor.accept('LEADING')) name = 'ltrim';
  else if (cursor.accept('TRAILING')) name = 'rtrim';
  else cursor.accept('BOTH');
  if (cursor.accept('FROM')) {
    const text = parseExpression(cursor);
    cursor.expectOp(')');
    return makeCall(name, at, [text]);
  }
  const first = parseExpression(cursor);
  if (cursor.accept('FROM')) {
    const text = parseExpression(cursor);
    cursor.expectOp(')');
    // The standard form names the characters first.
    return makeCall(name, at, [text, first]);
  }
  if (cursor.isOp(',')) cursor.refuse('TRIM with several arguments');
  cursor.expectOp(')');
  return makeCall(name, at, [first]);
}

function positionForm(cursor: Cursor, at: number): Expression {
  cursor.take();
  cursor.expectOp('(');
  const part = parseValue(cursor);
  cursor.expect('IN');
  const text = parseExpression(cursor);
  cursor.expectOp(')');
  return makeCall('strpos', at, [text, part]);
}

export const SPECIAL_FORMS: Record<string, SpecialForm> = {
  EXTRACT: extractForm,
  SUBSTRING: substringForm,
  SUBSTR: substringForm,
  TRIM: trimForm,
  POSITION: positionForm,
};
