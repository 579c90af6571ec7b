/** One shard's keys, in key order, into the tables: folded ranges are passed over, by a new LIST where that is cheaper. */
import type { LedgerContext } from './create-once.ts';
import type { ReceiptKey } from './keys.ts';
import { bitOf, type ListedAttempt, type ScanTable } from './scan-table.ts';

export interface ShardRequest {
  context: LedgerContext;
  /** In key order. */
  tables: readonly ScanTable[];
  shard: string;
  jumpChunks: number;
  cost: { lists: number; keys: number; ignoredKeys: number };
}

interface Seen extends ListedAttempt {
  table: ScanTable;
  chunk: number;
}

export async function listShard(request: ShardRequest): Promise<void> {
  const { context, tables, shard, cost } = request;
  const byPath = new Map(tables.map((table, index) => [table.path, index]));
  let startAfter = firstJump(request);
  let seen: Seen | null = null;
  for (;;) {
    let jump: string | null = null;
    cost.lists += 1;
    for await (const info of context.store.list(
      context.keys.shardPrefix(shard),
      startAfter === null ? {} : { startAfter },
    )) {
      cost.keys += 1;
      const key = context.keys.parseReceipt(info.key);
      const index = key === null ? undefined : byPath.get(`${key.tableId}/g${key.generation}`);
      const table = index === undefined ? undefined : tables[index];
      // Keys of a later version, or of a plan that was written a moment ago.
      if (key === null || index === undefined || table === undefined || !table.has(key.chunk)) {
        cost.ignoredKeys += 1;
        continue;
      }
      const block = table.blockOf(key.chunk);
      if (table.isFolded(block)) {
        jump = jumpFrom(request, index, block);
        if (jump === null) continue;
        break;
      }
      seen = take(seen, table, key, info.lastModifiedMs);
    }
    commit(seen);
    seen = null;
    if (jump === null) return;
    startAfter = jump;
  }
}

/** Receipts of one chunk come in a row, attempt by attempt: only those of its last attempt are kept. */
function take(seen: Seen | null, table: ScanTable, key: ReceiptKey, modifiedMs: number): Seen {
  let current = seen;
  if (current === null || current.table !== table || current.chunk !== key.chunk) {
    commit(current);
    current = { table, chunk: key.chunk, attempt: 0, bits: 0, submissions: 0, failures: 0, modifiedMs: 0, proofMs: 0 };
  }
  if (key.attempt > current.attempt)
    Object.assign(current, { attempt: key.attempt, bits: 0, submissions: 0, failures: 0, modifiedMs: 0, proofMs: 0 });
  current.modifiedMs = Math.max(current.modifiedMs, modifiedMs);
  if (key.stage !== 'cleaned') current.proofMs = Math.max(current.proofMs, modifiedMs);
  if (key.stage === 'ending') return current;
  // Kept when the next attempt replaces it: that two engines disagreed is news, repaired or not.
  if (key.stage === 'mismatched') table.noteMismatch(key.chunk, key.attempt);
  current.bits |= bitOf(key.stage);
  if (key.stage === 'submit') current.submissions += 1;
  if (key.stage === 'failed') current.failures += 1;
  return current;
}

function commit(seen: Seen | null): void {
  seen?.table.setListed(seen.chunk, seen);
}

function firstJump(request: ShardRequest): string | null {
  return request.tables[0]?.isFolded(0) ? jumpFrom(request, 0, 0) : null;
}

/**
 * Where the LIST goes on after the folded blocks from here, over the ends of tables too: no known plan has an unfolded
 * chunk in between. A plan that is not known yet may; the next refresh knows it. Null: reading on is cheaper.
 */
function jumpFrom(request: ShardRequest, fromIndex: number, fromBlock: number): string | null {
  const { tables, context, shard, jumpChunks } = request;
  let chunks = 0;
  let last: { table: ScanTable; chunk: number } | null = null;
  let block = fromBlock;
  for (let index = fromIndex; index < tables.length; index++) {
    const table = tables[index];
    if (table === undefined) break;
    while (block < table.blockCount && table.isFolded(block)) {
      chunks += table.blockEnd(block) - table.blockStart(block);
      last = { table, chunk: table.blockEnd(block) - 1 };
      block += 1;
    }
    if (block < table.blockCount) break;
    block = 0;
  }
  if (last === null || chunks < jumpChunks) return null;
  const { tableId, generation } = last.table;
  return context.keys.afterChunk(shard, { tableId, generation, chunk: last.chunk });
}
