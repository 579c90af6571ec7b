/** Definition, state and every receipt of one chunk. */
import { type ChunkRef, chunkName, traceIdOf } from '@lakehaul/core';
import type { Ledger, StoredReceipt } from '@lakehaul/ledger';
import type { z } from 'zod';
import type { CHUNK_JSON } from './json/chunk.ts';

export async function chunkStory(ledger: Ledger, ref: ChunkRef) {
  const [definition, state, trail] = await Promise.all([
    ledger.readChunk(ref),
    ledger.chunkState(ref),
    ledger.trail(ref),
  ]);
  const attempts = [...new Set(trail.map((receipt) => receipt.attempt))].sort((a, b) => a - b);
  const traces = attempts.map((attempt) => ({ attempt, traceId: traceIdOf(ledger.migration, { ...ref, attempt }) }));
  return { ref, definition, state, trail, traces };
}

export type ChunkStory = Awaited<ReturnType<typeof chunkStory>>;

export function chunkStoryJson({ ref, definition, state, trail, traces }: ChunkStory): z.input<typeof CHUNK_JSON> {
  return {
    chunk: chunkName(ref),
    definition: {
      ...definition,
      parts: [...definition.parts],
      estimatedRows: definition.estimatedRows.toString(),
      estimatedBytes: definition.estimatedBytes.toString(),
    },
    state: { ...state },
    traces,
    trail: trail.map((receipt) => ({ ...receipt, body: jsonOf(receipt.body) })),
  };
}

/** Bodies are JSON by birth; this tells the compiler, and drops the keys that a writer left undefined. */
function jsonOf(body: StoredReceipt['body']): Record<string, z.util.JSONType> {
  return JSON.parse(JSON.stringify(body)) as Record<string, z.util.JSONType>;
}
