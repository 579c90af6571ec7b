/**
 * When a table was read: the snapshot of its oldest proof. From the `unloaded` receipts once, when all its chunks are
 * done; afterwards only a probe moves it, since a later attempt of a chunk never reads an earlier snapshot.
 */
import { earliest, isDone, type SourceTime, type TablePlan } from '@lakehaul/core';
import { type CleanUntil, cleanUntilPath, type Ledger, type LedgerScan, latestCleanUntil } from '@lakehaul/ledger';

const PARALLEL_READS = 32;

/** As the ledger says, written down when it is news. Null while chunks of the table are open. */
export async function ensureCleanUntil(
  deps: { ledger: Ledger; scan: LedgerScan },
  generations: readonly TablePlan[],
): Promise<CleanUntil | null> {
  const found = await readCleanUntil(deps, generations);
  if (found === null) return null;
  if (found.isNews) await deps.ledger.appendRecord(cleanUntilPath(generations[0]?.tableId ?? ''), found.body);
  return found.body;
}

export async function readCleanUntil(
  deps: { ledger: Ledger; scan: LedgerScan },
  generations: readonly TablePlan[],
): Promise<{ body: CleanUntil; isNews: boolean } | null> {
  const tableId = generations[0]?.tableId ?? '';
  const known = (await latestCleanUntil(deps.ledger, tableId))?.body ?? null;
  const missing = generations.filter((plan) => known?.generations.includes(plan.generation) !== true);
  if (known !== null && missing.length === 0) return { body: known, isNews: false };
  const reads: UnloadRead[] = known === null ? [] : [{ ...known, snapshotAt: known.cleanUntil }];
  let chunks = known?.chunks ?? 0;
  for (const plan of missing) {
    const own = await unloadReads(deps, plan);
    if (own === null) return null;
    reads.push(...own);
    chunks += own.length;
  }
  const snapshots = reads.map((read) => read.snapshotAt);
  const body: CleanUntil = {
    schemaVersion: 1,
    cleanUntil: snapshots.includes(null) ? null : earliest(snapshots.filter((time) => time !== null)),
    how: 'unloads',
    generations: generations.map((plan) => plan.generation),
    chunks,
    bytes: generations.reduce((sum, plan) => sum + BigInt(plan.estimatedBytes), 0n).toString(),
    durationMs: reads.reduce((sum, read) => sum + read.durationMs, 0),
  };
  return { body, isNews: true };
}

interface UnloadRead {
  snapshotAt: SourceTime | null;
  durationMs: number;
}

async function unloadReads(deps: { ledger: Ledger; scan: LedgerScan }, plan: TablePlan): Promise<UnloadRead[] | null> {
  const due: { chunk: number; attempt: number }[] = [];
  let isComplete = true;
  deps.scan.forEach(plan, (chunk, state) => {
    if (isDone(state)) due.push({ chunk, attempt: state.attempt });
    // What a person took as it is was never proven, so there is nothing to keep true.
    else if (state.stage !== 'accepted') isComplete = false;
  });
  if (!isComplete) return null;
  const reads: UnloadRead[] = [];
  for (let start = 0; start < due.length; start += PARALLEL_READS)
    reads.push(
      ...(await Promise.all(
        due.slice(start, start + PARALLEL_READS).map(async ({ chunk, attempt }) => {
          const ref = { tableId: plan.tableId, generation: plan.generation, chunk, attempt };
          const receipt = await deps.ledger.read(ref, 'unloaded');
          return { snapshotAt: receipt?.body.snapshotAt ?? null, durationMs: receipt?.body.durationMs ?? 0 };
        }),
      )),
    );
  return reads;
}
