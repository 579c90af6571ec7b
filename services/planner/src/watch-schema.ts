/**
 * The schema watch: compares the source's catalogue with the plans every few minutes and does what the policy says (operate/drift).
 * It sees a change late; what was unloaded in between is caught by the UNLOAD's own check.
 */
import type { Source, SourceCatalogue } from '@lakehaul/adapters';
import { asLakehaulError, type Clock, counted, isDone, type Log, separated, type TablePlan } from '@lakehaul/core';
import type { Ledger, LedgerScan, TableHalt, TableStop } from '@lakehaul/ledger';
import {
  acceptedBy,
  compareSchema,
  type DriftKind,
  driftPolicy,
  mayHideRows,
  newDrifts,
  UNREADABLE_NEXT,
  unreadableDetail,
  unreadablePolicies,
} from '@lakehaul/operate';

/** So many looks without sight of the policies stop a table. */
const BLIND_LOOKS = 2;

export interface SchemaWatchDeps {
  ledger: Ledger;
  source: Source;
  scan: LedgerScan;
  clock: Clock;
  log: Log;
  everyMs: number;
}

export class SchemaWatch {
  readonly #deps: SchemaWatchDeps;
  #dueMs = 0;
  /** Per table, the S3 time before the last look that saw no policy on it: what was unloaded by then hid nothing. */
  readonly #soundUntil = new Map<string, string>();
  /** Looks one after the other in which the catalogue did not say whether policies hide rows. */
  #blindLooks = 0;

  constructor(deps: SchemaWatchDeps) {
    this.#deps = deps;
  }

  /** Looks when it is time; the first call looks at once. Returns the tables that it stopped. */
  async runOnce(plans: readonly TablePlan[], halts: ReadonlyMap<string, TableHalt>): Promise<string[]> {
    const nowMs = this.#deps.clock.nowMs();
    if (nowMs < this.#dueMs || plans.length === 0) return [];
    const askedAt = new Date(await this.#deps.ledger.serverTimeMs()).toISOString();
    const catalogue = await this.#catalogue();
    // Asked again in the next pass: a source that does not answer is no reason to end a fleet.
    if (catalogue === null) return [];
    this.#dueMs = nowMs + this.#deps.everyMs;
    const unreadable = unreadablePolicies(catalogue.notMoved);
    this.#blindLooks = unreadable.length === 0 ? 0 : this.#blindLooks + 1;
    const stopped: string[] = [];
    for (const [tableId, generations] of groupByTable(plans)) {
      const halt = halts.get(tableId) ?? null;
      // Nothing is stronger than hidden rows; any other stop is lifted without asking what was unloaded under a policy.
      if (halt?.stop?.code !== 'ROW_SECURITY') {
        const isStopped =
          (await this.#judge(tableId, generations, catalogue, halt)) ||
          (await this.#refuseBlind(tableId, generations, halt, unreadable));
        if (isStopped) stopped.push(tableId);
      }
      if (isInSight(generations, catalogue)) this.#soundUntil.set(tableId, askedAt);
    }
    return stopped;
  }

  async #catalogue(): Promise<SourceCatalogue | null> {
    try {
      return await this.#deps.source.discover();
    } catch (thrown) {
      const error = asLakehaulError(thrown);
      if (error.disposition === 'stop') throw error;
      this.#deps.log.warn('schema not read', { code: error.code, reason: error.message });
      return null;
    }
  }

  async #judge(
    tableId: string,
    plans: readonly TablePlan[],
    catalogue: SourceCatalogue,
    halt: TableHalt | null,
  ): Promise<boolean> {
    const { ledger, log } = this.#deps;
    const seen = newDrifts(await ledger.schemas.of(tableId), plans, catalogue);
    const [gravest] = seen.drifts;
    if (gravest === undefined) return false;
    if (halt?.stop != null && gravest.kind !== 'hidden-rows') return false;
    const details = seen.drifts.map((drift) => drift.detail);
    if (seen.columnListHash !== null && seen.drifts.every((drift) => driftPolicy(drift.kind).action === 'accept')) {
      await ledger.schemas.append(tableId, acceptedBy('policy', driftPolicy(gravest.kind).why, seen), null);
      log.warn('schema drift accepted', { tableId, reason: details.join('; ') });
      return false;
    }
    const policy = driftPolicy(gravest.kind);
    const reason = `${details.join('; ')}: ${policy.why}. ${standing(this.#deps.scan, plans)}`;
    const code = gravest.kind === 'hidden-rows' ? ('ROW_SECURITY' as const) : ('SCHEMA_DRIFT' as const);
    return this.#stop(tableId, halt, {
      code,
      reason,
      next: policy.next.replaceAll('TABLE', tableNameOf(plans)),
      evidence: seen.drifts.map((drift) => `${drift.kind}: ${drift.detail}`),
      digest: seen.digest,
    });
  }

  /** One look may fall into a moment in which somebody renews grants; a second one has lost the sight of policies. */
  async #refuseBlind(
    tableId: string,
    plans: readonly TablePlan[],
    halt: TableHalt | null,
    unreadable: readonly string[],
  ): Promise<boolean> {
    if (this.#blindLooks < BLIND_LOOKS || !mayHideRows(plans)) return false;
    const detail = unreadableDetail(unreadable);
    return this.#stop(tableId, halt, {
      code: 'ROW_SECURITY',
      reason: `${detail}, in ${this.#blindLooks} looks one after the other. ${standing(this.#deps.scan, plans)}`,
      next: `${UNREADABLE_NEXT}; then lakehaul tables resume ${tableNameOf(plans)} reopens what was unloaded since the last look that saw them`,
      evidence: [`policies-unreadable: ${unreadable.join(', ')}`],
      digest: `policies-unreadable ${unreadable.join(',')}`,
    });
  }

  async #stop(
    tableId: string,
    halt: TableHalt | null,
    why: Pick<TableStop, 'code' | 'reason' | 'next' | 'evidence' | 'digest'>,
  ): Promise<boolean> {
    const { ledger, log } = this.#deps;
    const soundUntil = this.#soundUntil.get(tableId);
    const isMine = await ledger.stops.append(tableId, halt, {
      schemaVersion: 1,
      action: 'stop',
      ...(soundUntil === undefined ? {} : { soundUntil }),
      ...why,
    });
    if (isMine) log.error('table stopped', { tableId, code: why.code, reason: why.reason });
    return isMine;
  }
}

/** The catalogue says of the table, in so many words, that no policy hides anything of it. */
function isInSight(plans: readonly TablePlan[], catalogue: SourceCatalogue): boolean {
  if (unreadablePolicies(catalogue.notMoved).length > 0) return false;
  return plans.every((plan) => !compareSchema(plan, catalogue).drifts.some(({ kind }) => HIDING.has(kind)));
}

/** A table that is not there under its name is not seen at all. */
const HIDING: ReadonlySet<DriftKind> = new Set<DriftKind>([
  'hidden-rows',
  'table-dropped',
  'table-renamed',
  'not-a-table',
]);

/** What is in the target while the table is stopped. */
function standing(scan: LedgerScan, plans: readonly TablePlan[]): string {
  let done = 0;
  let chunks = 0;
  for (const plan of plans)
    scan.forEach(plan, (_chunk, state) => {
      chunks++;
      if (isDone(state)) done++;
    });
  const target = plans[0]?.target;
  return `${separated(done)} of ${counted(chunks, 'chunk stands', 'chunks stand')} proven in ${target?.catalog}.${target?.schema}.${target?.table}, as they were before the change`;
}

function tableNameOf(plans: readonly TablePlan[]): string {
  return `${plans[0]?.source.schema}.${plans[0]?.source.table}`;
}

export function groupByTable(plans: readonly TablePlan[]): Map<string, TablePlan[]> {
  const tables = new Map<string, TablePlan[]>();
  for (const plan of plans) tables.set(plan.tableId, [...(tables.get(plan.tableId) ?? []), plan]);
  return tables;
}
