/** Walks over every part of a tree, whatever its shape. */
import type { Source } from './ast.ts';

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
