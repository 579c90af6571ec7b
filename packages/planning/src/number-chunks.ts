import type { Chunk } from '@lakehaul/core';
import type { Cut } from './cut-ranges.ts';

/** Cuts become chunks of a generation, numbered in order. */
export function* numberChunks(
  cuts: Iterable<Cut>,
  request: { generation: number; firstChunk: number; bytesPerRow: bigint; isSharedScan: boolean },
): Generator<Chunk> {
  let number = request.firstChunk;
  for (const cut of cuts) {
    yield {
      number,
      generation: request.generation,
      parts: cut.parts,
      estimatedRows: cut.rows,
      estimatedBytes: cut.rows * request.bytesPerRow,
      scanGroup: request.isSharedScan ? request.firstChunk : null,
    };
    number++;
  }
}
