/** How much lies in the stage: sizes are in the `unloaded` receipts, each read once. */
import { type ChunkStage, isDone } from '@lakehaul/core';
import type { ReceiptStore } from './receipt-store.ts';
import type { ScanTable } from './scan-table.ts';

const PARALLEL_READS = 32;

export class StagedBytes {
  readonly #receipts: ReceiptStore;
  /** By chunk and attempt; only of chunks that hold staged files now, so it stays as small as the stage. */
  #known = new Map<string, bigint>();

  constructor(receipts: ReceiptStore) {
    this.#receipts = receipts;
  }

  async total(tables: Iterable<ScanTable>): Promise<bigint> {
    const now = new Map<string, bigint>();
    const unknown: { name: string; read: () => Promise<bigint> }[] = [];
    for (const table of tables)
      for (let chunk = table.firstChunk; chunk < table.firstChunk + table.chunkCount; chunk++) {
        if (!mayBeStaged(table, chunk)) continue;
        const { attempt } = table.state(chunk);
        const ref = { tableId: table.tableId, generation: table.generation, chunk, attempt };
        const name = `${table.path}/${chunk}/${attempt}`;
        const known = this.#known.get(name);
        if (known !== undefined) now.set(name, known);
        else
          unknown.push({
            name,
            read: async () => BigInt((await this.#receipts.read(ref, 'unloaded'))?.body.sizeBytes ?? '0'),
          });
      }
    for (let start = 0; start < unknown.length; start += PARALLEL_READS) {
      const batch = unknown.slice(start, start + PARALLEL_READS);
      const sizes = await Promise.all(batch.map((entry) => entry.read()));
      batch.forEach((entry, index) => {
        now.set(entry.name, sizes[index] ?? 0n);
      });
    }
    this.#known = now;
    let total = 0n;
    for (const size of now.values()) total += size;
    return total;
  }
}

const STAGED: ReadonlySet<ChunkStage> = new Set<ChunkStage>([
  'unloaded',
  'loaded',
  'mismatched',
  'void',
  'quarantined',
  'accepted',
]);

/** Asked of every chunk at every look: no object a chunk. */
function mayBeStaged(table: ScanTable, chunk: number): boolean {
  if (table.isCleaned(chunk)) return false;
  const stage = table.stageOf(chunk);
  return STAGED.has(stage) || isDone({ stage });
}
