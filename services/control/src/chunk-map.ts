/** Every chunk as one byte, by table and generation: a million of them are 1.3 MB of base64, some 50 kB when packed. */
import type { Snapshot } from './read-model.ts';

export function chunkMap({ plans, scan }: Pick<Snapshot, 'plans' | 'scan'>) {
  const pathOf = ({ source }: Snapshot['plans'][number]) => `${source.schema}.${source.table}`;
  return [...plans]
    .sort((a, b) => compare(pathOf(a), pathOf(b)) || compare(a.tableId, b.tableId) || a.generation - b.generation)
    .map((plan) => ({
      tableId: plan.tableId,
      table: pathOf(plan),
      level: plan.level,
      generation: plan.generation,
      firstChunk: plan.firstChunk,
      cells: Buffer.from(scan.cells(plan)).toString('base64'),
    }));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
