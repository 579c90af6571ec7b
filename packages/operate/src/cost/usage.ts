/**
 * What was used, counted from receipts. Statement times, files and bytes are in the receipts of each chunk; reading all of
 * 100,000 chunks would be 300,000 GETs, so of a plan at most `CHUNKS_READ` are, evenly over its proven ones, and each
 * stands for its neighbours. When they ran is known of all, from the times of their proofs.
 *
 * Not counted, because no receipt tells of it: LISTs and GETs of looks at the ledger, probes, seals, failed tries.
 */
import type { AttemptRef, TablePlan } from '@lakehaul/core';
import { isDone } from '@lakehaul/core';
import type { Ledger, LedgerScan } from '@lakehaul/ledger';
import { busyMs } from './busy-time.ts';
import type { Usage } from './cost.ts';

const CHUNKS_READ = 20;
const PARALLEL_READS = 16;
/** Receipts of a proven attempt: opened, two submissions, unloaded, loaded, verified. */
const RECEIPTS = 6n;
/** Each staged file is read by the load and once more by the proof. */
const READS_OF_A_FILE = 2n;

/** Of one attempt. */
interface ChunkUse {
  unloadMs: number;
  /** From the beginning of the load to the proof. */
  targetMs: number;
  files: number;
  sizeBytes: bigint;
}

export class UsageMeter {
  readonly #graceMs: number;
  /** Receipts never change: each is read once. */
  readonly #known = new Map<string, ChunkUse | null>();

  /** staging.graceMs of the configuration: how long files lie after their proof. */
  constructor({ graceMs }: { graceMs: number }) {
    this.#graceMs = graceMs;
  }

  async measure(ledger: Pick<Ledger, 'read'>, plans: readonly TablePlan[], scan: LedgerScan): Promise<Usage> {
    const source: { seconds: Uint32Array; lengthMs: number }[] = [];
    const target: { seconds: Uint32Array; lengthMs: number }[] = [];
    const sum = { putRequests: 0n, getRequests: 0n, storedByteSeconds: 0n, graceByteSeconds: 0n };
    const bytesOf = { provenBytes: 0n, plannedBytes: 0n };
    const read = { readChunks: 0, provenChunks: 0 };
    for (const plan of plans) {
      const bytes = BigInt(plan.estimatedBytes);
      bytesOf.plannedBytes += bytes;
      const { chosen, proven, attempts } = provenChunks(plan, scan);
      if (proven === 0) continue;
      const uses = await this.#read(ledger, chosen);
      read.provenChunks += proven;
      read.readChunks += uses.length;
      if (uses.length === 0) continue;
      bytesOf.provenBytes += (bytes * BigInt(proven)) / BigInt(Math.max(1, plan.chunkCount));
      const seconds = scan.provenSeconds(plan);
      const again = attempts / proven;
      source.push({ seconds, lengthMs: mean(uses, (use) => use.unloadMs) * again });
      target.push({ seconds, lengthMs: mean(uses, (use) => use.targetMs) * again });
      const scaled = (of: (use: ChunkUse) => bigint) =>
        (uses.reduce((all, use) => all + of(use), 0n) * BigInt(attempts)) / BigInt(uses.length);
      const files = scaled((use) => BigInt(use.files));
      sum.putRequests += files + RECEIPTS * BigInt(attempts);
      sum.getRequests += files * READS_OF_A_FILE + RECEIPTS * BigInt(attempts);
      sum.storedByteSeconds +=
        (scaled((use) => use.sizeBytes) * this.#lyingSeconds(seconds, scan.observedMs)) / BigInt(proven);
      sum.graceByteSeconds += scaled((use) => use.sizeBytes) * BigInt(Math.ceil(this.#graceMs / 1000));
    }
    return { ...sum, ...bytesOf, ...read, sourceMs: BigInt(busyMs(source)), targetMs: BigInt(busyMs(target)) };
  }

  /** Of all proven chunks together: each lies for the grace time, if so much has gone by. */
  #lyingSeconds(seconds: Uint32Array, nowMs: number): bigint {
    let all = 0;
    for (const second of seconds) all += Math.ceil(Math.max(0, Math.min(this.#graceMs, nowMs - second * 1000)) / 1000);
    return BigInt(all);
  }

  async #read(ledger: Pick<Ledger, 'read'>, chosen: readonly AttemptRef[]): Promise<ChunkUse[]> {
    const uses: ChunkUse[] = [];
    for (let start = 0; start < chosen.length; start += PARALLEL_READS) {
      const batch = chosen.slice(start, start + PARALLEL_READS).map((ref) => this.#use(ledger, ref));
      for (const use of await Promise.all(batch)) if (use !== null) uses.push(use);
    }
    return uses;
  }

  async #use(ledger: Pick<Ledger, 'read'>, ref: AttemptRef): Promise<ChunkUse | null> {
    const name = `${ref.tableId}/${ref.generation}/${ref.chunk}/${ref.attempt}`;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const [unloaded, loaded, verified, counted] = await Promise.all([
      ledger.read(ref, 'unloaded'),
      ledger.read(ref, 'loaded'),
      ledger.read(ref, 'verified'),
      ledger.read(ref, 'counted'),
    ]);
    const proof = verified ?? counted;
    const use =
      unloaded === null || loaded === null || proof === null
        ? null
        : {
            unloadMs: unloaded.body.durationMs,
            targetMs: loaded.body.durationMs + Math.max(0, proof.lastModifiedMs - loaded.lastModifiedMs),
            files: unloaded.body.files.length,
            sizeBytes: BigInt(unloaded.body.sizeBytes),
          };
    this.#known.set(name, use);
    return use;
  }
}

/** The proven chunks: how many, how many attempts they took, and some of them, evenly. */
function provenChunks(plan: TablePlan, scan: LedgerScan): { chosen: AttemptRef[]; proven: number; attempts: number } {
  const { done: proven } = scan.summary(plan);
  const every = Math.max(1, Math.ceil(proven / CHUNKS_READ));
  const chosen: AttemptRef[] = [];
  let attempts = 0;
  let seen = 0;
  scan.forEach(plan, (chunk, state) => {
    if (!isDone(state)) return;
    attempts += state.attempt;
    if (seen++ % every !== 0) return;
    chosen.push({ tableId: plan.tableId, generation: plan.generation, chunk, attempt: state.attempt });
  });
  return { chosen, proven: seen, attempts };
}

function mean(uses: readonly ChunkUse[], of: (use: ChunkUse) => number): number {
  return uses.reduce((sum, use) => sum + of(use), 0) / uses.length;
}
