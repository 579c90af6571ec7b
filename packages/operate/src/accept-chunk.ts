/** A quarantined chunk taken as it is: what is recorded of it, and the record. */
import type { Target } from '@lakehaul/adapters';
import { type AttemptRef, type ChunkRef, chunkName, LakehaulError, must, type ReceiptBodies } from '@lakehaul/core';
import type { Ledger } from '@lakehaul/ledger';

export interface AcceptDeps {
  ledger: Ledger;
  target: Pick<Target, 'version' | 'countLineages'>;
}

export interface Acceptance {
  ref: AttemptRef;
  body: ReceiptBodies['accepted'];
  /** Key of the receipt that quarantined it. */
  causedBy: string;
}

/** Reads the ledger and the target, writes nothing. Refuses (CHUNK_NOT_QUARANTINED) every other chunk. */
export async function planAcceptance(
  { ledger, target }: AcceptDeps,
  chunk: ChunkRef,
  by: { who: string; reason: string },
): Promise<Acceptance> {
  const { stage, attempt } = await ledger.chunkState(chunk);
  if (stage !== 'quarantined')
    throw new LakehaulError('CHUNK_NOT_QUARANTINED', `${chunkName(chunk)} is ${stage}`, { where: chunkName(chunk) });
  const ref = { tableId: chunk.tableId, generation: chunk.generation, chunk: chunk.chunk, attempt };
  const quarantined = must(await ledger.read(ref, 'quarantined'), 'quarantined receipt');
  const mismatched = await ledger.read(ref, 'mismatched');
  const plan = must(await ledger.readPlan(ref.tableId, ref.generation), `plan of ${ref.tableId}`);
  const targetVersion = await target.version(plan.target);
  const held = await target.countLineages(plan, ref.chunk, targetVersion);
  return {
    ref,
    causedBy: quarantined.key,
    body: {
      ...by,
      code: quarantined.body.code,
      differences: mismatched?.body.differences ?? [quarantined.body.message],
      rowsSha256: mismatched?.body.rowsSha256 ?? null,
      targetVersion,
      held: held.map(({ lineage, rowCount }) => ({ lineage: lineage.toString(), rowCount })),
    },
  };
}

/** The receipt that stands afterwards: an earlier acceptance of the same attempt stays. */
export async function acceptChunk(
  ledger: Ledger,
  { ref, body, causedBy }: Acceptance,
): Promise<{ isMine: boolean; accepted: ReceiptBodies['accepted'] }> {
  const { isMine, receipt } = await ledger.write(ref, 'accepted', body, causedBy);
  return { isMine, accepted: receipt.body };
}
