/**
 * The systemic guard: reads what went wrong lately, table by table, and stops a table whose chunks go wrong for one cause.
 * Knows nothing that is not in the ledger; what it remembers is only which receipts it has read already.
 */
import type { Source, Target } from '@lakehaul/adapters';
import { type ChunkRef, chunkName, isDone, type Log, type TablePlan } from '@lakehaul/core';
import type { Ledger, LedgerScan, ScannedState, TableHalt } from '@lakehaul/ledger';
import { lossyColumns } from './lossy-columns.ts';
import { type SystemicLimits, systemicCause, type Trouble, troublesOf } from './systemic-cause.ts';

export interface GuardDeps {
  ledger: Ledger;
  source: Source;
  target: Target;
  scan: LedgerScan;
  log: Log;
  limits: SystemicLimits;
}

interface SeenChunk {
  state: string;
  troubles: Trouble[];
}

/** Failures of one attempt from which on its receipts are worth a look. */
const MANY_FAILURES = 3;
/** Troubled chunks that are read per table and pass, newest first: more would not change the verdict. */
const READ_PER_WINDOW = 4;

export class TableGuard {
  readonly #deps: GuardDeps;
  readonly #seen = new Map<string, SeenChunk>();

  constructor(deps: GuardDeps) {
    this.#deps = deps;
  }

  /** One pass over a scan that was refreshed by the caller. Returns the tables that it stopped. */
  async runOnce(plans: readonly TablePlan[], halts: ReadonlyMap<string, TableHalt>): Promise<string[]> {
    const stopped: string[] = [];
    const byTable = new Map<string, TablePlan[]>();
    for (const plan of plans) byTable.set(plan.tableId, [...(byTable.get(plan.tableId) ?? []), plan]);
    for (const [tableId, generations] of byTable) {
      const halt = halts.get(tableId) ?? null;
      if (halt?.stop != null) continue;
      if (await this.#guardTable(tableId, generations, halt)) stopped.push(tableId);
    }
    return stopped;
  }

  async #guardTable(tableId: string, plans: readonly TablePlan[], halt: TableHalt | null): Promise<boolean> {
    const { ledger, log, limits } = this.#deps;
    const troubles = await this.#troubles(plans, halt?.sinceMs ?? 0);
    if (troubles.length === 0) return false;
    const found = systemicCause(troubles, this.#proven(plans, halt?.sinceMs ?? 0), limits);
    if (found === null) return false;
    const details = found.cause === 'before-stage' ? await this.#askTheSource(plans, found.evidence) : found.details;
    const reason = `${found.chunks} of the last ${found.outOf} chunks went wrong for one cause: ${details.join('; ')}`;
    const isMine = await ledger.stops.append(tableId, halt, {
      schemaVersion: 1,
      action: 'stop',
      code: 'SYSTEMIC_CAUSE',
      reason,
      next: 'lakehaul chunks TABLE and lakehaul diff CHUNK show it; mend the cause, then lakehaul tables resume TABLE --reason "…"',
      evidence: found.evidence,
      digest: found.cause,
    });
    if (isMine) log.error('table stopped', { tableId, code: 'SYSTEMIC_CAUSE', reason });
    return isMine;
  }

  /** Of chunks whose state tells of trouble; each state of a chunk is read once. */
  async #troubles(plans: readonly TablePlan[], sinceMs: number): Promise<Trouble[]> {
    const troubled: { ref: ChunkRef; state: ScannedState }[] = [];
    for (const { tableId, generation } of plans)
      this.#deps.scan.forEach({ tableId, generation }, (chunk, state) => {
        if (isTroubled(state) && state.lastModifiedMs >= sinceMs)
          troubled.push({ ref: { tableId, generation, chunk }, state });
      });
    troubled.sort((a, b) => b.state.lastModifiedMs - a.state.lastModifiedMs);
    const troubles: Trouble[] = [];
    for (const { ref, state } of troubled.slice(0, this.#deps.limits.window * READ_PER_WINDOW))
      troubles.push(...(await this.#read(ref, state)));
    // Whole seconds: what came in the second of the resume may have led to the stop that it lifted.
    return troubles.filter((trouble) => trouble.atMs > sinceMs);
  }

  async #read(ref: ChunkRef, state: ScannedState): Promise<Trouble[]> {
    const name = chunkName(ref);
    const now = `${state.attempt} ${state.stage} ${state.failures >= MANY_FAILURES}`;
    const seen = this.#seen.get(name);
    if (seen?.state === now) return seen.troubles;
    const troubles = troublesOf(name, await this.#deps.ledger.troubles(ref));
    this.#seen.set(name, { state: now, troubles });
    return troubles;
  }

  #proven(plans: readonly TablePlan[], sinceMs: number): { chunk: string; atMs: number }[] {
    const proven: { chunk: string; atMs: number }[] = [];
    for (const { tableId, generation } of plans)
      this.#deps.scan.forEach({ tableId, generation }, (chunk, state) => {
        if (isDone(state) && state.proofMs > sinceMs)
          proven.push({ chunk: chunkName({ tableId, generation, chunk }), atMs: state.proofMs });
      });
    return proven;
  }

  /** What was staged is what the target holds: only the source can tell which column its UNLOAD loses. */
  async #askTheSource(plans: readonly TablePlan[], evidence: readonly string[]): Promise<string[]> {
    for (const plan of plans) {
      const found = await lossyColumns(this.#deps, plan, evidence);
      if (found !== null) return [found];
    }
    return ['a loss in the UNLOAD itself, before the stage'];
  }
}

function isTroubled(state: ScannedState): boolean {
  return (
    state.attempt > 1 ||
    state.failures >= MANY_FAILURES ||
    state.stage === 'mismatched' ||
    state.stage === 'void' ||
    state.stage === 'quarantined'
  );
}
