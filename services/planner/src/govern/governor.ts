/**
 * The governor: reads the source's pain, decides, and sets how many UNLOADs may run at once over the whole fleet. What it
 * sets lives in the queue store, which may be emptied at any time: each pass sets it again.
 */
import { type Clock, type Log, type TablePlan, type ThrottleSettings, throttleSettings } from '@lakehaul/core';
import type { Ledger, ThrottleRecord } from '@lakehaul/ledger';
import type { ChunkQueues } from '@lakehaul/queue';
import type { Metrics } from '@lakehaul/runtime';
import {
  type Blackouts,
  type CanaryMemory,
  type Check,
  canaryBaselineMs,
  type Decision,
  decide,
  judgeReadings,
  NO_CANARY,
  rememberCanary,
  startState,
  type ThrottleState,
} from '@lakehaul/throttle';
import { readSigns, type Signs, type SignsDeps } from './read-signs.ts';

export interface GovernorDeps extends SignsDeps {
  ledger: Pick<Ledger, 'steering' | 'throttle' | 'serverTimeMs'>;
  queues: Pick<ChunkQueues, 'counts' | 'setConcurrency'>;
  clock: Clock;
  log: Log;
  metrics: Pick<Metrics, 'set' | 'remove'>;
  configured: ThrottleSettings;
  blackouts: Blackouts;
  /** Checks of others, such as the budget's. */
  others?: () => Promise<readonly Check[]>;
}

/** Between two records when nothing changes. */
const RECORD_EVERY_MS = 60_000;
/** What somebody decided longer ago says nothing about now. */
const FORGET_AFTER_MS = 3_600_000;
const CANARIES_READ = 60;

export class Governor {
  readonly #deps: GovernorDeps;
  #state: ThrottleState | null = null;
  #canary: CanaryMemory = NO_CANARY;
  #failed = 0;
  #recorded: { slots: number; winner: string | null; atMs: number } | null = null;

  constructor(deps: GovernorDeps) {
    this.#deps = deps;
  }

  /** Goes on from the last record and sets its slots, before anything is read: nothing starts unbounded meanwhile. */
  async open(): Promise<void> {
    const { ledger, clock, configured, queues } = this.#deps;
    const settings = throttleSettings(configured, (await ledger.steering.current()).throttle);
    const records = await ledger.throttle.recent(CANARIES_READ);
    const last = records.at(-1);
    const isKnown =
      last !== undefined && (await ledger.serverTimeMs()) - last.lastModifiedMs < FORGET_AFTER_MS ? last.body : null;
    for (const { body } of records)
      if (body.canaryMs !== null)
        this.#canary = rememberCanary(
          this.#canary,
          body.canaryMs,
          body.checks.every((check) => check.verdict === 'ok'),
        );
    if (isKnown !== null) this.#state = restored(isKnown, settings, clock.nowMs());
    await queues.setConcurrency('unload', (this.#state ?? startState(settings, clock.nowMs())).slots);
  }

  /** Throws the signal's reason when it is aborted while something is read: what was not read says nothing. */
  async runOnce(plans: readonly TablePlan[], signal?: AbortSignal): Promise<Decision> {
    const { ledger, clock, queues, blackouts, others } = this.#deps;
    const settings = throttleSettings(this.#deps.configured, (await ledger.steering.current()).throttle);
    const signs = await readSigns(this.#deps, { settings, plans, failedBefore: this.#failed, signal });
    signal?.throwIfAborted();
    this.#failed = signs.readings.failed?.times ?? 0;
    const nowMs = clock.nowMs();
    const checks = judgeReadings({
      ...{ settings, blackouts, nowMs, readings: signs.readings },
      canaryBaselineMs: canaryBaselineMs(this.#canary),
      others: (await others?.()) ?? [],
    });
    const before = this.#state;
    const decision = decide({ state: before, checks, settings, running: signs.running, nowMs });
    // Kept before it is applied: a queue store that is away must not make us forget what hurt.
    this.#state = decision.state;
    if (signs.canaryMs !== null) this.#canary = rememberCanary(this.#canary, signs.canaryMs, decision.winner === null);
    this.#export(decision, checks);
    await queues.setConcurrency('unload', decision.slots);
    await this.#record(decision, { checks, signs, before, nowMs });
    return decision;
  }

  #export({ slots }: Decision, checks: readonly Check[]): void {
    const { metrics } = this.#deps;
    metrics.set('lakehaul_throttle_slots', { step: 'unload' }, slots);
    for (const { name: check, value, limit, verdict } of checks) {
      if (value === null) metrics.remove('lakehaul_throttle_check_value', { check });
      else metrics.set('lakehaul_throttle_check_value', { check }, value);
      if (limit === null) metrics.remove('lakehaul_throttle_check_limit', { check });
      else metrics.set('lakehaul_throttle_check_limit', { check }, limit);
      metrics.set('lakehaul_throttle_hit', { check }, verdict === 'stop' ? 2 : verdict === 'warn' ? 1 : 0);
    }
  }

  async #record(
    { state, slots, change, winner, reason }: Decision,
    seen: { checks: readonly Check[]; signs: Signs; before: ThrottleState | null; nowMs: number },
  ): Promise<void> {
    const { ledger, log } = this.#deps;
    const name = winner?.name ?? null;
    const last = this.#recorded;
    const isChanged = last === null || last.slots !== slots || last.winner !== name;
    if (!isChanged && seen.nowMs - last.atMs < RECORD_EVERY_MS) return;
    const { stoppedBy, beforeStop, hurtAt } = state;
    await ledger.throttle.append({
      ...{ schemaVersion: 1, change, slots, before: seen.before?.slots ?? null, reason, winner: name },
      ...{ running: seen.signs.running, canaryMs: seen.signs.canaryMs, checks: seen.checks.map(checkRecord) },
      memory: { stoppedBy, beforeStop, hurtAt },
    });
    this.#recorded = { slots, winner: name, atMs: seen.nowMs };
    if (isChanged) log.info('unload slots set', { slots, change, check: name, reason });
  }
}

function checkRecord({ name, value, limit, unit, verdict, reason }: Check): ThrottleRecord['checks'][number] {
  return { name, value: value === null ? null : Math.round(value), limit, unit, verdict, reason };
}

function restored(body: ThrottleRecord, settings: ThrottleSettings, nowMs: number): ThrottleState {
  return {
    ...startState(settings, nowMs),
    ...{ slots: Math.min(body.slots, settings.maxSlots), ...body.memory, hurtMs: nowMs },
  };
}
