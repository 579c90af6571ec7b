/** What a WHERE says about single columns, for skipping files. */
import type { Conjunct, Expression, Literal } from './ast.ts';

const FLIPPED = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const;

function constant(expression: Expression): Literal | null {
  if (expression.kind === 'literal') return expression.value.type === 'null' ? null : expression.value;
  if (expression.kind === 'plus') return constant(expression.operand);
  if (
    expression.kind === 'negate' &&
    expression.operand.kind === 'literal' &&
    expression.operand.value.type === 'integer'
  )
    return { type: 'integer', text: `-${expression.operand.value.text}` };
  if (expression.kind !== 'cast') return null;
  const inner = constant(expression.operand);
  if (inner === null) return null;
  if (inner.type === 'string') return { type: 'typed', sqlType: expression.type, value: inner.value };
  // CAST(5 AS BIGINT) and the like; casts that could change the value say nothing.
  return inner.type === 'integer' && ['integer', 'bigint'].includes(expression.type.kind) ? inner : null;
}

function columnOf(expression: Expression): string[] | null {
  return expression.kind === 'column' ? expression.parts : null;
}

function comparison(e: Extract<Expression, { kind: 'compare' }>): Conjunct[] {
  if (e.op === '<>' || e.op === '<=>') return [];
  const [left, right] = [columnOf(e.left), columnOf(e.right)];
  const value = left === null ? constant(e.left) : constant(e.right);
  if (value === null) return [];
  if (left !== null) return [{ column: left, op: e.op, values: [value] }];
  return right === null ? [] : [{ column: right, op: FLIPPED[e.op], values: [value] }];
}

/** Conditions that all hold where `where` is true. Others are left out: the list says less, never more. */
export function conjunctsOf(where: Expression | null): Conjunct[] {
  if (where === null) return [];
  switch (where.kind) {
    case 'and':
      return where.operands.flatMap(conjunctsOf);
    case 'compare':
      return comparison(where);
    case 'between': {
      const column = columnOf(where.operand);
      const [low, high] = [constant(where.low), constant(where.high)];
      if (column === null || where.negated) return [];
      const found: Conjunct[] = [];
      if (low !== null) found.push({ column, op: '>=', values: [low] });
      if (high !== null) found.push({ column, op: '<=', values: [high] });
      return found;
    }
    case 'in-list': {
      const column = columnOf(where.operand);
      const values = where.items.map(constant);
      if (column === null || where.negated || values.includes(null)) return [];
      return [{ column, op: 'in', values: values as Literal[] }];
    }
    case 'is-null': {
      const column = columnOf(where.operand);
      return column === null ? [] : [{ column, op: where.negated ? 'is-not-null' : 'is-null', values: [] }];
    }
    default:
      return [];
  }
}
