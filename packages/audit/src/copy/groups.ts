/**
 * The ledger in pieces that fit into memory: one per shard of chunks, one per other kind of object. Said here once is
 * also what no seal covers and no copy holds, on purpose:
 *
 *   diffs/         rows of a diff: values of the customer's, removed by the bucket's lifecycle; receipts hold their digest
 *   probes/        doctor's and run's probe of the store: says nothing about the migration
 *   ledger-seals/  the seals themselves: chained by digest and signed instead
 */
import { type LedgerKeys, SHARDS } from '@lakehaul/ledger';

export type Group = string;

const KINDS = ['folds', 'ledger-seals', 'plans', 'records', 'reopened'] as const;
const NOT_COPIED = ['diffs', 'probes'];

export const CHUNK_GROUPS: readonly Group[] = SHARDS.map((shard) => `chunks-${shard}`);
/** Objects under the ledger's root that no version of lakehaul known here has written. */
export const OTHER: Group = 'other';
export const GROUPS: readonly Group[] = [...CHUNK_GROUPS, ...KINDS, OTHER];

/** Null for what is not copied. */
export function groupOf(keys: LedgerKeys, key: string): Group | null {
  const relative = key.slice(keys.root.length + 1);
  const [kind = '', shard = ''] = relative.split('/', 2);
  if (NOT_COPIED.includes(kind) && relative.includes('/')) return null;
  if (kind === 'chunks' && /^[0-9a-f]{2}$/.test(shard)) return `chunks-${shard}`;
  return KINDS.find((known) => known === kind) ?? OTHER;
}

export function isSealedKind(keys: LedgerKeys, key: string): boolean {
  const group = groupOf(keys, key);
  return group !== null && group !== 'ledger-seals';
}

/** Prefix of the group's keys; null for `other`, which is what lies between the prefixes. */
export function prefixOf(keys: LedgerKeys, group: Group): string | null {
  if (group === OTHER) return null;
  const shard = /^chunks-([0-9a-f]{2})$/.exec(group)?.[1];
  return shard === undefined ? `${keys.root}/${group}/` : keys.shardPrefix(shard);
}

/** What a LIST of `other` jumps over. */
export function knownFolders(keys: LedgerKeys): string[] {
  return [
    ...SHARDS.map((shard) => keys.shardPrefix(shard)),
    ...[...KINDS, ...NOT_COPIED].map((kind) => `${keys.root}/${kind}/`),
  ];
}
