/** What a statement reads, so that a warehouse can load its state before anything is emitted. */
import type { Query, Source, Statement } from './ast.ts';
import { findAll, isSourceItem } from './walk.ts';

/** Names of WITH shadow tables from there inwards; a shadowed single name is left out where it is in scope. */
function readIn(root: unknown, hidden: ReadonlySet<string>): Source[] {
  if (root === null || typeof root !== 'object') return [];
  if (Array.isArray(root)) return root.flatMap((item) => readIn(item, hidden));
  const source = isSourceItem(root);
  if (source !== null) {
    const isHidden =
      source.kind === 'table' && source.name.length === 1 && hidden.has((source.name[0] as string).toLowerCase());
    return isHidden ? [] : [source];
  }
  const query = root as Partial<Query>;
  if (query.kind !== 'query' || query.with === undefined)
    return Object.values(root).flatMap((value) => readIn(value, hidden));
  const found: Source[] = [];
  const inner = new Set(hidden);
  for (const common of query.with) {
    found.push(...readIn(common.query, inner));
    inner.add(common.name.toLowerCase());
  }
  const { with: _with, ...rest } = query;
  return [...found, ...Object.values(rest).flatMap((value) => readIn(value, inner))];
}

/** Tables and files that the statement's queries read, in order, each once. Targets of changes are not among them. */
export function referencedSources(statement: Statement): Source[] {
  const seen = new Map<string, Source>();
  for (const source of readIn(statement.body, new Set())) {
    const key = JSON.stringify({ ...source, at: 0 }, (_key, value: unknown) =>
      typeof value === 'bigint' ? `${value}` : value,
    );
    if (!seen.has(key)) seen.set(key, source);
  }
  return [...seen.values()];
}

/** Names of parameters that occur. */
export function referencedParameters(statement: Statement): string[] {
  const names = findAll(statement.body, (node) => {
    const item = node as { kind?: unknown; name?: unknown };
    return item.kind === 'parameter' && typeof item.name === 'string' ? item.name : null;
  });
  return [...new Set(names)];
}
