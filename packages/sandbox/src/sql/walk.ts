/** Walks over every part of a tree, whatever its shape. */
import type { Expression, Source } from './ast.ts';

/** Expressions directly below. Queries inside are not entered. */
export function childExpressions(expression: Expression): Expression[] {
  const children: Expression[] = [];
  collect(expression, children, true);
  return children;
}

function collect(node: unknown, into: Expression[], isTop: boolean): void {
  if (node === null || typeof node !== 'object') return;
  if (Array.isArray(node)) {
    for (const item of node) collect(item, into, false);
    return;
  }
  const kind = (node as { kind?: unknown }).kind;
  if (kind === 'query') return;
  if (!isTop && typeof kind === 'string' && EXPRESSION_KINDS.has(kind)) {
    into.push(node as Expression);
    return;
  }
  for (const value of Object.values(node)) collect(value, into, false);
}

const EXPRESSION_KINDS = new Set<string>([
  'literal',
  'column',
  'parameter',
  'negate',
  'plus',
  'not',
  'arithmetic',
  'and',
  'or',
  'concat',
  'compare',
  'is-null',
  'is-boolean',
  'is-distinct',
  'between',
  'in-list',
  'in-query',
  'like',
  'exists',
  'scalar-query',
  'cast',
  'case',
  'extract',
  'interval',
  'at-time-zone',
  'field',
  'index',
  'array',
  'call',
] satisfies Expression['kind'][]);

/** Every node of a tree that `isWanted` accepts, in order of the text. */
export function findAll<T>(root: unknown, isWanted: (node: object) => T | null): T[] {
  const found: T[] = [];
  const visit = (node: unknown): void => {
    if (node === null || typeof node !== 'object') return;
    if (Array.isArray(node)) {
      for (const item of node) visit(item);
      return;
    }
    const hit = isWanted(node);
    if (hit !== null) found.push(hit);
    for (const value of Object.values(node)) visit(value);
  };
  visit(root);
  return found;
}

export function isSourceItem(node: object): Source | null {
  const item = node as { kind?: unknown; source?: unknown };
  return item.kind === 'source' && typeof item.source === 'object' ? (item.source as Source) : null;
}
