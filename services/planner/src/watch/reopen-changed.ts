/** Opens the next attempt of chunks whose rows changed at the source; the fence decides which attempt may serve. */
import { type ChunkRef, LakehaulError } from '@lakehaul/core';
import type { Ledger, LedgerRecord, ProbeRecord } from '@lakehaul/ledger';
import type { ProvenChunk } from './proven-chunks.ts';

const PARALLEL = 16;

export async function reopenChanged(
  deps: { ledger: Ledger },
  record: LedgerRecord<ProbeRecord>,
  chunks: readonly ProvenChunk[],
): Promise<{ generation: number; chunk: number; attempt: number }[]> {
  const reopened: { generation: number; chunk: number; attempt: number }[] = [];
  for (let start = 0; start < chunks.length; start += PARALLEL)
    reopened.push(
      ...(await Promise.all(chunks.slice(start, start + PARALLEL).map((chunk) => reopen(deps, record, chunk)))),
    );
  return reopened;
}

async function reopen(deps: { ledger: Ledger }, record: LedgerRecord<ProbeRecord>, proven: ProvenChunk) {
  const ref: ChunkRef = {
    tableId: proven.plan.tableId,
    generation: proven.plan.generation,
    chunk: proven.chunk.number,
  };
  const hasTooLongRow = record.body.differing.some(
    (each) => each.generation === ref.generation && each.chunk === ref.chunk && each.hasTooLongRow === true,
  );
  for (;;) {
    // The probed attempt cannot serve. A later one may: openAttempt adopts it when it reads the source after the probe.
    const highest = (await deps.ledger.chunkState(ref)).attempt;
    const wanted = Math.max(highest, proven.attempt + 1);
    try {
      const { attempt } = await deps.ledger.openAttempt(ref, {
        attempt: wanted,
        body: {
          cause: 'late-rows',
          reason: hasTooLongRow
            ? 'the source holds a row too long for the form that was proven'
            : 'the source holds other rows than were proven',
          observedAt: new Date(record.lastModifiedMs).toISOString(),
          hashForm: hasTooLongRow ? 'digest' : proven.proof.hashForm,
          level: proven.proof.level,
        },
        causedBy: record.key,
      });
      return { generation: ref.generation, chunk: ref.chunk, attempt };
    } catch (error) {
      // Somebody opened a later one in between: ask again about that.
      if (!(error instanceof LakehaulError) || error.code !== 'SUPERSEDED') throw error;
    }
  }
}
