/**
 * A small migration under a random schedule: workers take turns call by call, faults happen where the schedule says, time
 * passes only on the model's clock. What it leaves is judged at every change.
 */
import { type ChunkRef, type ErrorCode, isDone, LakehaulError } from '@lakehaul/core';
import { changesClouds, faultsAt, landings } from '../explore/faults.ts';
import {
  brokenBetween,
  quarantineReason,
  sealFindsForeignCommit,
  stagedRowsOf,
  stateOf,
} from '../explore/invariants.ts';
import { directCaller } from '../explore/one-chunk.ts';
import { Run, type TurnEnd } from '../explore/worker-tree.ts';
import { chunkRef, rangeChunks, tablePlan } from '../ledger-world.ts';
import { type Answer, type Call, listed, perform } from './calls.ts';
import { type Caller, openWorker, workOn } from './ports.ts';
import { type Clouds, newClouds, withObject } from './state.ts';

export const CHUNKS = 3;
export const PLAN = tablePlan(CHUNKS);
export const REFS: readonly ChunkRef[] = Array.from({ length: CHUNKS }, (_, chunk) => chunkRef(PLAN, chunk));
const SOURCE = [1, 2, 3, 11, 12, 21, 22, 23] as const;
const HOUR_MS = 3_600_000;

export const ERRORS = [
  'THROTTLED',
  'UNAVAILABLE',
  'UNREACHABLE',
  'CREDENTIALS_REJECTED',
  'TARGET_CONFLICT',
  'TARGET_STATEMENT_FAILED',
  'SOURCE_STATEMENT_ABORTED',
  'COUNT_MISMATCH',
] as const satisfies readonly ErrorCode[];

export type RandomFault =
  | { at: number; kind: 'error'; code: (typeof ERRORS)[number] }
  /** One of what faults.ts knows for the call: crash, cut, lost answer, delayed effect, failed statement, expired result. */
  | { at: number; kind: 'of the call'; choice: number }
  /** The same at a call that changes something: `at` counts only those. */
  | { at: number; kind: 'of a change'; choice: number }
  | { at: number; kind: 'staged file truncated' | 'staged file changed' | 'staged file removed'; choice: number }
  | { at: number; kind: 'target row changed' }
  | { at: number; kind: 'clock jump'; hours: number };

export interface Schedule {
  /** Who makes the next call; used in turn, again and again. */
  turns: readonly number[];
  faults: readonly RandomFault[];
  /** When a delayed effect lands: after so many calls. */
  landAfter: number;
}

export interface RandomEnd {
  broken: string | null;
  proven: number;
  quarantined: string[];
  stuck: string[];
  kinds: Set<string>;
}

function worker(name: string, first: number, steps: number): (caller: Caller) => Promise<TurnEnd> {
  return async (caller) => {
    const self = openWorker(name, caller);
    for (let place = 0; place < CHUNKS; place++) await workOn(self, REFS[(first + place) % CHUNKS] as ChunkRef, steps);
    return { end: 'done' };
  };
}

export async function randomRun(schedule: Schedule): Promise<RandomEnd> {
  const world = { clouds: newClouds(SOURCE) };
  await openWorker('planner', directCaller(world)).ledger.writePlan(PLAN, rangeChunks(PLAN));
  const run = new RandomRun(world.clouds, schedule);
  await run.together([0, 1, 2].map((first) => new Run(worker(`w${first}`, first, 4), world.clouds.nowMs)));
  run.isQuiet = true;
  await run.together([new Run(worker('successor', 0, 20), run.clouds.nowMs)]);
  return run.end();
}

class RandomRun {
  clouds: Clouds;
  isQuiet = false;
  readonly #schedule: Schedule;
  #calls = 0;
  #changes = 0;
  #skewMs = 0;
  #broken: string | null = null;
  readonly #kinds = new Set<string>();

  constructor(clouds: Clouds, schedule: Schedule) {
    this.clouds = clouds;
    this.#schedule = schedule;
  }

  async together(runs: Run[]): Promise<void> {
    const alive = new Set(runs);
    for (let turn = 0; alive.size > 0; turn++) {
      const { turns } = this.#schedule;
      const run = [...alive][(turns[turn % turns.length] ?? 0) % alive.size] as Run;
      const call = await run.next();
      if (call === null) {
        alive.delete(run);
        continue;
      }
      this.#calls += 1;
      if (this.#calls % this.#schedule.landAfter === 0)
        for (const landing of landings(this.clouds)) this.#become(landing.clouds);
      const answer = this.#answer(call);
      if (answer === null) alive.delete(run);
      else run.hear({ answer, nowMs: this.clouds.nowMs + this.#skewMs });
    }
  }

  /** Null: the process died in the call. */
  #answer(call: Call): Answer | null {
    const isChange = changesClouds(call);
    if (isChange) this.#changes += 1;
    const isDue = (each: RandomFault) =>
      each.kind === 'of a change' ? isChange && each.at === this.#changes : each.at === this.#calls;
    const fault = this.isQuiet ? undefined : this.#schedule.faults.find(isDue);
    // What the process counts by its own clock is judged by its own clock.
    const own = call.on === 'databricks.write' ? { ...call, sendBeforeMs: call.sendBeforeMs - this.#skewMs } : call;
    if (fault?.kind === 'error') {
      this.#kinds.add(fault.code);
      return { error: new LakehaulError(fault.code, 'planned') };
    }
    if (fault?.kind === 'of the call' || fault?.kind === 'of a change') {
      const known = faultsAt(this.clouds, own);
      const chosen = known[fault.choice % Math.max(1, known.length)];
      if (chosen !== undefined) {
        this.#kinds.add(chosen.name);
        this.#become(chosen.clouds);
        return chosen.answer;
      }
    } else if (fault !== undefined) this.#damage(fault);
    const { clouds, answer } = perform(this.clouds, own);
    this.#become(clouds);
    return answer;
  }

  #damage(fault: Exclude<RandomFault, { kind: 'error' | 'of the call' | 'of a change' }>): void {
    if (fault.kind === 'clock jump') {
      this.#kinds.add(fault.kind);
      this.#skewMs += fault.hours * HOUR_MS;
      return;
    }
    if (fault.kind === 'target row changed') {
      this.#damageTarget();
      return;
    }
    const files = listed(this.clouds, 'stage/').filter(({ key }) => key.endsWith('.parquet'));
    const file = files[fault.choice % Math.max(1, files.length)];
    if (file === undefined) return;
    this.#kinds.add(fault.kind);
    const body = this.clouds.objects.get(file.key)?.body ?? '';
    if (fault.kind === 'staged file removed') {
      const objects = new Map(this.clouds.objects);
      objects.delete(file.key);
      this.clouds = { ...this.clouds, objects };
    } else
      this.clouds = withObject(
        this.clouds,
        file.key,
        fault.kind === 'staged file changed' ? body.replace(/^\d+/, '55') : body.replace(/,?[^,]*$/, ''),
      );
  }

  /** Only of a chunk that is not proven yet: what is changed after its proof is for the seal. */
  #damageTarget(): void {
    const rows = this.clouds.versions.at(-1) ?? [];
    const place = rows.findIndex(
      ({ lineage }) => lineage !== null && !isDone(stateOf(this.clouds, REFS[Number(lineage >> 16n)] as ChunkRef)),
    );
    const lineage = rows[place]?.lineage;
    if (lineage === undefined) return;
    this.#kinds.add('target row changed');
    const damaged = rows.map((row, index) => (index === place ? { lineage, row: 60 } : row));
    const commits = [...this.clouds.commits, { operation: 'UPDATE', predicate: '', tag: '' }];
    this.clouds = { ...this.clouds, versions: [...this.clouds.versions, damaged], commits };
  }

  #become(after: Clouds): void {
    for (const ref of REFS) {
      const wrong = brokenBetween(this.clouds, after, ref);
      if (wrong?.startsWith('I2') === true && sealFindsForeignCommit(after, ref)) this.#kinds.add('found by the seal');
      else this.#broken ??= wrong;
    }
    this.clouds = after;
  }

  end(): RandomEnd {
    const ends = REFS.map((ref) => ({ ref, state: stateOf(this.clouds, ref) }));
    const quarantined: string[] = [];
    const stuck: string[] = [];
    for (const { ref, state } of ends) {
      if (state.stage === 'quarantined') quarantined.push(quarantineReason(this.clouds, ref) ?? '');
      else if (!isDone(state)) stuck.push(`chunk ${ref.chunk} attempt ${state.attempt} is ${state.stage}`);
      else this.#broken ??= this.#unlikeSource(ref, state.attempt);
    }
    // And whatever was still on its way lands after everything.
    for (let left = landings(this.clouds); left[0] !== undefined; left = landings(this.clouds))
      this.#become(left[0].clouds);
    const proven = ends.filter(({ state }) => isDone(state)).length;
    return { broken: this.#broken, proven, quarantined, stuck, kinds: this.#kinds };
  }

  #unlikeSource(ref: ChunkRef, attempt: number): string | null {
    const staged = stagedRowsOf(this.clouds, { ...ref, attempt });
    const source = this.clouds.source.filter((row) => Math.floor(row / 10) === ref.chunk);
    return staged.join() === source.join()
      ? null
      : `chunk ${ref.chunk} is proven with ${staged.join()}, the source has ${source.join()}`;
  }
}
