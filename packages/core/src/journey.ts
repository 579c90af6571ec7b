/**
 * The journey of a chunk, as data. Read this file first: nothing else decides what comes next.
 *
 *   planned ──unload──▶ unloaded ──load──▶ loaded ──verify──▶ verified | counted
 *      ▲                    │                 │                    │
 *      │                    └──── void ◀──────┘               mismatched
 *      └──────────────── next attempt is opened ◀──────────────────┘      (attempts used up: quarantined,
 *                                                                                      which a person replays or accepts)
 *
 * A chunk's state is the set of receipts of its highest opened attempt; older attempts are history.
 */
import type { Stage } from './receipt.ts';

export type Step = 'unload' | 'load' | 'verify';
export const STEPS: readonly Step[] = ['unload', 'load', 'verify'];

/** Where a chunk stands. `planned` has no receipt; `opened` has one that says that an attempt began. */
export type ChunkStage =
  | 'planned'
  | 'opened'
  | 'unloaded'
  | 'loaded'
  | 'mismatched'
  | 'void'
  | 'verified'
  | 'counted'
  | 'quarantined'
  | 'accepted';

interface JourneyRow {
  stage: ChunkStage;
  /** The queue whose worker moves the chunk on; null where only a person or a late row can. */
  next: Step | null;
  /** The chunk's rows are proven as far as its level promises. */
  isDone: boolean;
  /** Not done, and yet nothing more is to happen to it: a person took it as it is. */
  isTaken?: true;
  what: string;
}

/** From weakest to strongest claim: the strongest receipt present names the stage. */
export const JOURNEY: readonly JourneyRow[] = [
  { stage: 'planned', next: 'unload', isDone: false, what: 'in a page of the table’s plan' },
  { stage: 'opened', next: 'unload', isDone: false, what: 'an attempt began; its UNLOAD may be running' },
  { stage: 'unloaded', next: 'load', isDone: false, what: 'staged: manifest parsed, every file there, rows = count' },
  { stage: 'loaded', next: 'verify', isDone: false, what: 'in the target under this attempt’s lineage value' },
  { stage: 'void', next: 'unload', isDone: false, what: 'attempt over; nothing of it can still commit' },
  { stage: 'counted', next: null, isDone: true, what: 'counts agree (level count); never called verified' },
  { stage: 'verified', next: null, isDone: true, what: 'counts and hashes agree at a pinned target version' },
  // Stronger than `verified`: a later proof of the same attempt that fails takes the earlier one back.
  { stage: 'mismatched', next: 'unload', isDone: false, what: 'target differs; the next attempt replaces the chunk' },
  { stage: 'quarantined', next: null, isDone: false, what: 'waits for a person: replay or accept' },
  // Stronger than the quarantine that it answers, weaker than any claim: it is not done.
  {
    stage: 'accepted',
    next: null,
    isDone: false,
    isTaken: true,
    what: 'taken as it is by a person; never called verified',
  },
];

const BY_STAGE = new Map(JOURNEY.map((row, strength) => [row.stage, { ...row, strength }]));

/** Receipts of one attempt as their keys tell. */
export interface AttemptReceipts {
  attempt: number;
  stages: ReadonlySet<Stage>;
  submissions: number;
  failures: number;
}

export interface ChunkState {
  stage: ChunkStage;
  /** Highest opened attempt; 0 while planned. */
  attempt: number;
  submissions: number;
  /** Failures of this attempt. */
  failures: number;
  isCleaned: boolean;
  /** A verified chunk that needed more than one attempt. */
  isRepaired: boolean;
}

export const PLANNED: ChunkState = {
  stage: 'planned',
  attempt: 0,
  submissions: 0,
  failures: 0,
  isCleaned: false,
  isRepaired: false,
};

/** The state of a chunk from the receipts of its highest attempt. */
export function chunkStateOf(highest: AttemptReceipts | undefined): ChunkState {
  if (highest === undefined) return PLANNED;
  let stage: ChunkStage = 'opened';
  let strength = -1;
  for (const receipt of highest.stages) {
    const row = BY_STAGE.get(receipt as ChunkStage);
    if (row !== undefined && row.strength > strength) {
      stage = row.stage;
      strength = row.strength;
    }
  }
  return {
    stage,
    attempt: highest.attempt,
    submissions: highest.submissions,
    failures: highest.failures,
    isCleaned: highest.stages.has('cleaned'),
    isRepaired: highest.attempt > 1 && (stage === 'verified' || stage === 'counted'),
  };
}

export function nextStep(state: Pick<ChunkState, 'stage'>): Step | null {
  return BY_STAGE.get(state.stage)?.next ?? null;
}

export function isDone(state: Pick<ChunkState, 'stage'>): boolean {
  return BY_STAGE.get(state.stage)?.isDone ?? false;
}

/** Done, or accepted as it is: a table of such chunks can be sealed. */
export function isEnded(state: Pick<ChunkState, 'stage'>): boolean {
  return isDone(state) || BY_STAGE.get(state.stage)?.isTaken === true;
}

/** The attempt that the next step works on: `void` and `mismatched` go on with a new one. */
export function nextAttempt(state: Pick<ChunkState, 'stage' | 'attempt'>): number {
  if (state.stage === 'planned' || state.stage === 'void' || state.stage === 'mismatched') return state.attempt + 1;
  return state.attempt;
}
