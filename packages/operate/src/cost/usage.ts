/**
 * What was used, counted from receipts. Statement times, files and bytes are in the receipts of each chunk; reading all of
 * 100,000 chunks would be 300,000 GETs, so of a plan at most `CHUNKS_READ` are, evenly over its proven ones, and each
 * stands for its neighbours. When they ran is known of all, from the times of their proofs. What is used beside the
 * chunks is in upkeep.ts.
 *
 * An estimate all the same: of failed tries only the number is known, of an attempt that runs nothing, and of our requests
 * to S3 a twentieth may not be recorded yet, nor those of commands that only look. Not counted at all: readings of the
 * throttle and of the source's history, and the target's own files.
 */
import { type AttemptRef, type ChunkStage, isDone, type TablePlan } from '@lakehaul/core';
import type { Ledger, LedgerScan } from '@lakehaul/ledger';
import { busyMs, type Run } from './busy-time.ts';
import type { Usage } from './cost.ts';
import { type UpkeepLedger, UpkeepMeter } from './upkeep.ts';

const CHUNKS_READ = 20;
const PARALLEL_READS = 16;
/** Receipts of a proven attempt: opened, two submissions, unloaded, loaded, verified. */
const RECEIPTS = 6n;
/** Each staged file is read by the load and once more by the proof. */
const READS_OF_A_FILE = 2n;

export type UsageLedger = Pick<Ledger, 'read'> & UpkeepLedger;

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
  readonly #known = new Map<string, ChunkUse>();
  readonly #upkeep = new UpkeepMeter();

  /** staging.graceMs of the configuration: how long files lie after their proof. */
  constructor({ graceMs }: { graceMs: number }) {
    this.#graceMs = graceMs;
  }

  async measure(ledger: UsageLedger, plans: readonly TablePlan[], scan: LedgerScan): Promise<Usage> {
    const upkeep = await this.#upkeep.measure(ledger, scan.observedMs);
    const source: Run[] = [upkeep.probes];
    const target: Run[] = [upkeep.seals];
    const sum = { files: 0n, receipts: 0n, storedByteSeconds: 0n, graceByteSeconds: 0n };
    const bytesOf = { provenBytes: 0n, plannedBytes: 0n };
    const read = { readChunks: 0, provenChunks: 0 };
    for (const plan of plans) {
      const bytes = BigInt(plan.estimatedBytes);
      bytesOf.plannedBytes += bytes;
      const work = workOf(plan, scan);
      if (work.tries === 0) continue;
      const uses = await this.#read(ledger, work.chosen);
      read.provenChunks += work.proven;
      read.readChunks += uses.length;
      if (uses.length === 0) continue;
      bytesOf.provenBytes += (bytes * BigInt(work.proven)) / BigInt(Math.max(1, plan.chunkCount));
      for (const { seconds, tries } of work.runs) {
        source.push({ seconds, lengthMs: mean(uses, (use) => use.unloadMs) * tries });
        target.push({ seconds, lengthMs: mean(uses, (use) => use.targetMs) * tries });
      }
      const scaled = (of: (use: ChunkUse) => bigint) =>
        (uses.reduce((all, use) => all + of(use), 0n) * BigInt(work.tries)) / BigInt(uses.length);
      sum.files += scaled((use) => BigInt(use.files));
      sum.receipts += RECEIPTS * BigInt(work.tries);
      const stagedBytes = scaled((use) => use.sizeBytes);
      const lying = this.#lyingSeconds(scan.provenSeconds(plan), scan.observedMs);
      sum.storedByteSeconds += (stagedBytes * lying) / BigInt(Math.max(1, work.proven));
      sum.graceByteSeconds += stagedBytes * BigInt(Math.ceil(this.#graceMs / 1000));
    }
    const { requests } = upkeep;
    return {
      // What the processes recorded themselves, and no less than the receipts that are there; the engines' own besides.
      putRequests: sum.files + larger(requests.puts + requests.lists, sum.receipts),
      getRequests: sum.files * READS_OF_A_FILE + larger(requests.gets, sum.receipts),
      ...{ storedByteSeconds: sum.storedByteSeconds, graceByteSeconds: sum.graceByteSeconds },
      ...{ ...bytesOf, ...read, sourceMs: BigInt(busyMs(source)), targetMs: BigInt(busyMs(target)) },
    };
  }

  /** Of all proven chunks together: each lies for the grace time, if so much has gone by. */
  #lyingSeconds(seconds: Uint32Array, nowMs: number): bigint {
    let all = 0;
    for (const second of seconds) all += Math.ceil(Math.max(0, Math.min(this.#graceMs, nowMs - second * 1000)) / 1000);
    return BigInt(all);
  }

  async #read(ledger: UsageLedger, chosen: readonly AttemptRef[]): Promise<ChunkUse[]> {
    const uses: ChunkUse[] = [];
    for (let start = 0; start < chosen.length; start += PARALLEL_READS) {
      const batch = chosen.slice(start, start + PARALLEL_READS).map((ref) => this.#use(ledger, ref));
      for (const use of await Promise.all(batch)) if (use !== null) uses.push(use);
    }
    return uses;
  }

  async #use(ledger: UsageLedger, ref: AttemptRef): Promise<ChunkUse | null> {
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
    if (unloaded === null) return null;
    const provenMs = proof === null || loaded === null ? 0 : proof.lastModifiedMs - loaded.lastModifiedMs;
    const use = {
      unloadMs: unloaded.body.durationMs,
      targetMs: (loaded?.body.durationMs ?? 0) + Math.max(0, provenMs),
      files: unloaded.body.files.length,
      sizeBytes: BigInt(unloaded.body.sizeBytes),
    };
    // Of an attempt that goes on there will be more.
    if (proof !== null) this.#known.set(name, use);
    return use;
  }
}

interface Work {
  proven: number;
  /** Whole tries of all chunks. */
  tries: number;
  /** When they ended: of so many tries for each chunk. */
  runs: { seconds: Uint32Array; tries: number }[];
  /** Some chunks whose receipts stand for all, evenly. */
  chosen: AttemptRef[];
}

/** Stages at which the source has been read for this attempt. */
const IS_STAGED: ReadonlySet<ChunkStage> = new Set<ChunkStage>([
  ...(['unloaded', 'loaded', 'void', 'mismatched', 'quarantined', 'accepted'] as const),
]);

/**
 * Earlier attempts and tries that failed count as whole ones: what failed at its beginning is counted too high. What is
 * not proven yet counts by what it did so far, so that a chunk that fails again and again costs while it does.
 */
function workOf(plan: TablePlan, scan: LedgerScan): Work {
  const every = Math.max(1, Math.ceil(scan.summary(plan).done / CHUNKS_READ));
  const [proven, open]: [AttemptRef[], AttemptRef[]] = [[], []];
  const ended = new Map<number, number[]>();
  let count = 0;
  let doneTries = 0;
  let openTries = 0;
  scan.forEach(plan, (chunk, state) => {
    const { attempt, failures, stage } = state;
    if (attempt === 0) return;
    const ref = { tableId: plan.tableId, generation: plan.generation, chunk, attempt };
    if (isDone(state)) {
      doneTries += attempt + failures;
      if (count++ % every === 0) proven.push(ref);
      return;
    }
    const tries = attempt - 1 + failures + (IS_STAGED.has(stage) ? 1 : 0);
    if (tries === 0) return;
    openTries += tries;
    const seconds = ended.get(tries) ?? [];
    seconds.push(Math.floor(state.lastModifiedMs / 1000));
    ended.set(tries, seconds);
    if (IS_STAGED.has(stage) && open.length < CHUNKS_READ) open.push(ref);
  });
  const runs: Work['runs'] = [...ended].map(([tries, seconds]) => ({ seconds: Uint32Array.from(seconds), tries }));
  if (count > 0) runs.push({ seconds: scan.provenSeconds(plan), tries: doneTries / count });
  return { proven: count, tries: doneTries + openTries, runs, chosen: count > 0 ? proven : open };
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function mean(uses: readonly ChunkUse[], of: (use: ChunkUse) => number): number {
  return uses.reduce((sum, use) => sum + of(use), 0) / uses.length;
}
