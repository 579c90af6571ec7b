/** What a table's chunks were proven to hold: what a probe compares the source with. */
import { type Chunk, isDone, must, type ProofBody, type TablePlan } from '@lakehaul/core';
import type { Ledger, LedgerScan } from '@lakehaul/ledger';

const PARALLEL_READS = 32;

/** A proven chunk: what its attempt says the source held. */
export interface ProvenChunk {
  plan: TablePlan;
  chunk: Chunk;
  attempt: number;
  proof: ProofBody;
}

/** All generations of one table, all of whose chunks are done. Null where one is not: it will be read anyway. */
export async function provenChunks(
  deps: { ledger: Ledger; scan: LedgerScan },
  generations: readonly TablePlan[],
): Promise<ProvenChunk[] | null> {
  const proven: ProvenChunk[] = [];
  for (const plan of generations) {
    const due: { chunk: Chunk; attempt: number; stage: 'verified' | 'counted' }[] = [];
    for await (const chunk of deps.ledger.chunks(plan)) {
      const state = deps.scan.state({ tableId: plan.tableId, generation: plan.generation, chunk: chunk.number });
      if (state.stage === 'accepted') continue;
      if (!isDone(state) || (state.stage !== 'verified' && state.stage !== 'counted')) return null;
      due.push({ chunk, attempt: state.attempt, stage: state.stage });
    }
    for (let start = 0; start < due.length; start += PARALLEL_READS)
      proven.push(
        ...(await Promise.all(
          due.slice(start, start + PARALLEL_READS).map(async ({ chunk, attempt, stage }) => {
            const ref = { tableId: plan.tableId, generation: plan.generation, chunk: chunk.number, attempt };
            const receipt = must(await deps.ledger.read(ref, stage), `${stage} receipt of ${chunk.number}`);
            return { plan, chunk, attempt, proof: receipt.body };
          }),
        )),
      );
  }
  return proven;
}
