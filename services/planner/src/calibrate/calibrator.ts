/**
 * Before the first big table is hauled at full width its first chunks are measured: one alone, then as many as the throttle
 * begins with. Until then no other chunk of a big table is let in; small tables go on. Afterwards it holds back plans whose
 * UNLOADs cannot end before their time-out.
 */
import type { SourceSize } from '@lakehaul/adapters';
import {
  asLakehaulError,
  type ChunkRef,
  type Clock,
  chunkName,
  type Log,
  sourceMicros,
  type TablePlan,
} from '@lakehaul/core';
import type { CalibrationRecord, Ledger, LedgerScan } from '@lakehaul/ledger';
import { chunksTooLarge, unloadTime } from '@lakehaul/operate';
import { calibrateUnloads, calibrationSlots, type UnloadSample } from '@lakehaul/planning';

export interface CalibrationSettings {
  /** Tables from this planned size on are big. */
  minTableBytes: bigint;
  /** Chunks to measure; 0: none, and nothing is held back. */
  chunks: number;
  /** A measurement holds nothing back for longer. */
  withinMs: number;
  kind: 'provisioned' | 'serverless';
  startSlots: number;
  /** statements.sourceTimeoutMs. */
  timeoutMs: number;
}

export interface CalibratorDeps {
  ledger: Pick<Ledger, 'calibration' | 'read' | 'readChunk'>;
  scan: LedgerScan;
  source: SourceSize;
  clock: Pick<Clock, 'nowMs'>;
  log: Log;
  settings: CalibrationSettings;
}

export interface CalibrationGate {
  /** May a chunk that was never unloaded be let in now? */
  mayBegin: (plan: TablePlan, chunk: number) => boolean;
  /** No attempt of these is begun: their UNLOADs cannot end. */
  tooLarge: ReadonlySet<TablePlan>;
}

const OPEN: CalibrationGate = { mayBegin: () => true, tooLarge: new Set() };

/** Receipts that are read for it at one pass. */
const READS_A_PASS = 8;

export class Calibrator {
  readonly #deps: CalibratorDeps;
  readonly #samples = new Map<string, UnloadSample | null>();
  #heldSinceMs: number | null = null;
  #isTooLate = false;
  readonly #told = new Set<string>();

  constructor(deps: CalibratorDeps) {
    this.#deps = deps;
  }

  /** One look, over a scan that was refreshed. `mayUnload`: not stopped, and no pause or limit of 0 on its UNLOADs. */
  async look(
    plans: readonly TablePlan[],
    inQueue: ReadonlySet<string>,
    { mayUnload, jobId }: { mayUnload: (plan: TablePlan) => boolean; jobId: (ref: ChunkRef) => string },
  ): Promise<CalibrationGate> {
    const { minTableBytes, chunks: wanted } = this.#deps.settings;
    if (wanted === 0 || this.#isTooLate) return OPEN;
    const big = plans.filter((plan) => BigInt(plan.estimatedBytes) >= minTableBytes);
    if (big.length === 0) return OPEN;
    // What one shared scan stages is one statement, of which a chunk tells nothing.
    const cut = big.filter((plan) => plan.keyColumns.length > 0);
    const known = await this.#deps.ledger.calibration.current();
    if (known === null && this.#isUnderWay(cut)) {
      // For as long as this process lives: its pace is told by proofs.
      this.#isTooLate = true;
      return OPEN;
    }
    const record = known ?? (await this.#measure(cut));
    if (record !== null) return this.#bySize(big, record.body);
    const told = [...this.#samples.values()].filter((sample) => sample !== null).length;
    const slots = calibrationSlots({ wanted, unloaded: told, startSlots: this.#deps.settings.startSlots });
    const allowed = this.#choose(cut.filter(mayUnload), slots, (ref) => inQueue.has(jobId(ref)));
    if (allowed.size === 0 || this.#isOverdue()) return OPEN;
    const isCut = new Set(cut);
    return { ...OPEN, mayBegin: (plan, chunk) => !isCut.has(plan) || allowed.has(nameOf(plan, chunk)) };
  }

  /** Reads what is unloaded by now, and writes the record when it is enough. */
  async #measure(big: readonly TablePlan[]) {
    const { ledger, log, settings, source } = this.#deps;
    const unread: { plan: TablePlan; chunk: number; attempt: number }[] = [];
    for (const plan of big)
      this.#deps.scan.forEach(plan, (chunk, { stage, attempt }) => {
        if (unread.length >= READS_A_PASS || attempt === 0 || stage === 'opened') return;
        if (!this.#samples.has(nameOf(plan, chunk))) unread.push({ plan, chunk, attempt });
      });
    for (const { plan, chunk, attempt } of unread)
      this.#samples.set(nameOf(plan, chunk), await this.#sample(plan, chunk, attempt));
    const samples = [...this.#samples].flatMap(([chunk, sample]) => (sample === null ? [] : [{ chunk, ...sample }]));
    const rates = samples.length < settings.chunks ? null : calibrateUnloads(samples);
    if (rates === null) return null;
    const size = settings.kind === 'serverless' ? null : await this.#sizeOf(source);
    const { chunks, atOnce } = rates;
    const record = await ledger.calibration.write({
      ...{ schemaVersion: 1, chunks, atOnce },
      bytesPerSecond: wholeText(rates.bytesPerSecond),
      stagedBytesPerSecond: wholeText(rates.stagedBytesPerSecond),
      fastestBytesPerSecond: wholeText(rates.fastestBytesPerSecond),
      slowestBytesPerSecond: wholeText(rates.slowestBytesPerSecond),
      conditions: {
        ...{ kind: settings.kind, startSlots: settings.startSlots },
        ...{ slices: size?.slices ?? null, nodes: size?.nodes ?? null },
      },
      samples: samples.map(({ chunk, durationMs, sourceBytes, stagedBytes }) => ({
        ...{ chunk, durationMs, sourceBytes: sourceBytes.toString(), stagedBytes: stagedBytes.toString() },
      })),
    });
    const { bytesPerSecond } = record.body;
    log.info('unload calibrated', { chunks, atOnce, bytesPerSecond, slices: size?.slices ?? null });
    return record;
  }

  /** Null for what says nothing: another's scan, no receipt of this attempt, no bytes. */
  async #sample(plan: TablePlan, chunk: number, attempt: number): Promise<UnloadSample | null> {
    const { ledger } = this.#deps;
    const ref = { tableId: plan.tableId, generation: plan.generation, chunk };
    const [unloaded, definition] = await Promise.all([
      ledger.read({ ...ref, attempt }, 'unloaded'),
      ledger.readChunk(ref),
    ]);
    if (unloaded === null) return null;
    const { snapshotAt, durationMs, sizeBytes } = unloaded.body;
    const isShared = definition.scanGroup !== null && attempt === 1;
    // Its leader has the duration of the whole scan, and only its own bucket's files.
    if (isShared || durationMs <= 0 || BigInt(sizeBytes) === 0n || definition.estimatedBytes <= 0n) return null;
    const startMs =
      snapshotAt == null ? unloaded.lastModifiedMs - durationMs : Number(sourceMicros(snapshotAt) / 1_000n);
    return { startMs, durationMs, sourceBytes: definition.estimatedBytes, stagedBytes: BigInt(sizeBytes) };
  }

  /** What cannot be read leaves the rate of the whole. */
  async #sizeOf(source: SourceSize) {
    try {
      return await source.readSlices();
    } catch (thrown) {
      const { code, message } = asLakehaulError(thrown);
      this.#deps.log.warn('slices of the source not read', { code, reason: message });
      return null;
    }
  }

  /** Hauled by a planner that measured nothing, or by one that was told not to wait. */
  #isUnderWay(big: readonly TablePlan[]): boolean {
    const { chunks, startSlots } = this.#deps.settings;
    let unloaded = 0;
    for (const plan of big)
      this.#deps.scan.forEach(plan, (_chunk, { stage, attempt }) => {
        if (attempt > 0 && stage !== 'opened') unloaded += 1;
      });
    return unloaded > chunks + startSlots;
  }

  /**
   * The chunks that may be on their way. What is already goes first, so that a pass never adds to it; then the middle of
   * each table: chunks at the ends may be open and empty.
   */
  #choose(big: readonly TablePlan[], slots: number, isInQueue: (ref: ChunkRef) => boolean): Set<string> {
    const going: string[] = [];
    const next: string[] = [];
    for (const plan of [...big].sort((a, b) => a.priority - b.priority)) {
      const first: string[] = [];
      const middle = plan.firstChunk + Math.floor(plan.chunkCount / 2);
      const last: string[] = [];
      this.#deps.scan.forEach(plan, (chunk, { stage, attempt }) => {
        const name = nameOf(plan, chunk);
        if (stage === 'opened' && attempt === 1) going.push(name);
        else if (attempt > 0) return;
        else if (isInQueue({ tableId: plan.tableId, generation: plan.generation, chunk })) going.push(name);
        else if (chunk >= middle && first.length < slots) first.push(name);
        else if (chunk < middle && last.length < slots) last.push(name);
      });
      next.push(...first, ...last);
    }
    return new Set([...going, ...next.slice(0, Math.max(0, slots - going.length))]);
  }

  #isOverdue(): boolean {
    const { clock, log, settings } = this.#deps;
    const nowMs = clock.nowMs();
    this.#heldSinceMs ??= nowMs;
    if (nowMs - this.#heldSinceMs <= settings.withinMs) return false;
    this.#tellOnce('overdue', () => log.warn('unload not calibrated in time', { withinMs: settings.withinMs }));
    return true;
  }

  #bySize(big: readonly TablePlan[], record: CalibrationRecord): CalibrationGate {
    const { log, settings } = this.#deps;
    const tooLarge = new Set<TablePlan>();
    for (const plan of big) {
      const time = unloadTime(plan, record, settings.timeoutMs);
      if (time.verdict === 'too-long') tooLarge.add(plan);
      if (time.verdict === 'ok') continue;
      this.#tellOnce(`${plan.tableId} ${plan.generation}`, () => {
        const [fromMs, toMs] = [Math.round(time.fromMs), Math.round(time.toMs)];
        const fields = { tableId: plan.tableId, fromMs, toMs, timeoutMs: settings.timeoutMs };
        const { code, next } = chunksTooLarge(`${plan.source.schema}.${plan.source.table}`, time);
        if (time.verdict === 'too-long') log.error('chunks are too large', { code, next, ...fields });
        else log.warn('chunks are large', fields);
      });
    }
    return { ...OPEN, tooLarge };
  }

  #tellOnce(what: string, tell: () => void): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    tell();
  }
}

function nameOf({ tableId, generation }: Pick<TablePlan, 'tableId' | 'generation'>, chunk: number): string {
  return chunkName({ tableId, generation, chunk });
}

/** At least one: a rate of nothing would be an ETA without an end. */
function wholeText(rate: number): string {
  return BigInt(Math.max(1, Math.round(rate))).toString();
}
