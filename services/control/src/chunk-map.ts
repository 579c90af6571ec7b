/** Every chunk as one byte, by table and generation: a million of them are 1.3 MB of base64, some 50 kB when packed. */
import type { ChunkCauses } from './chunk-causes.ts';
import type { Snapshot } from './read-model.ts';

export function chunkMap({ plans, scan }: Pick<Snapshot, 'plans' | 'scan'>, known: Pick<ChunkCauses, 'of' | 'unread'>) {
  const causes = new Map<string, number>();
  const placeOf = (cause: string) => {
    const place = causes.get(cause) ?? causes.size;
    causes.set(cause, place);
    return place;
  };
  const pathOf = ({ source }: Snapshot['plans'][number]) => `${source.schema}.${source.table}`;
  const sorted = [...plans].sort(
    (a, b) => compare(pathOf(a), pathOf(b)) || compare(a.tableId, b.tableId) || a.generation - b.generation,
  );
  return {
    plans: sorted.map((plan) => ({
      tableId: plan.tableId,
      table: pathOf(plan),
      level: plan.level,
      generation: plan.generation,
      firstChunk: plan.firstChunk,
      cells: Buffer.from(scan.cells(plan)).toString('base64'),
      // Few, or the table stands: told one by one.
      causes: byCause(known.of(plan)).map(([cause, chunks]) => ({ cause: placeOf(cause), chunks })),
    })),
    causes: [...causes.keys()],
    causesUnread: known.unread,
  };
}

function byCause(causes: ReadonlyMap<number, string>): [string, number[]][] {
  const chunks = new Map<string, number[]>();
  for (const [chunk, cause] of [...causes].sort(([a], [b]) => a - b)) {
    const same = chunks.get(cause);
    if (same === undefined) chunks.set(cause, [chunk]);
    else same.push(chunk);
  }
  return [...chunks].sort(([a], [b]) => compare(a, b));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
