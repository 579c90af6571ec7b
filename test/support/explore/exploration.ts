/** What the explorer is asked, and what it answers. */
import type { ChunkRef } from '@lakehaul/core';
import type { Clouds } from '../model/state.ts';
import type { NamedProgram } from './moment.ts';

export interface Exploration {
  start: Clouds;
  ref: ChunkRef;
  workers: readonly NamedProgram[];
  /** Goes on alone when all others have ended or died. */
  successor: NamedProgram;
  switches: number;
  faults: number;
  /** What is wrong with an end, or null. */
  judgeEnd: (clouds: Clouds, ends: readonly string[]) => string | null;
  /** Is told of every end, also of those after it to which a delayed effect leads. */
  seeEnd?: (clouds: Clouds) => void;
  /** Is judged at every moment; default: the invariants. */
  judgeMoment?: (before: Clouds, after: Clouds) => string | null;
  /** Gives up with isComplete = false. */
  longestMs?: number;
  /** Leaves nothing out but a moment that is the same to the last byte: what the reductions are compared with. */
  isPlain?: boolean;
}

export interface Explored {
  isComplete: boolean;
  /** Moments that differ and leave a choice, or at which a turn begins. */
  moments: number;
  /** Schedules that were followed to their end; every other one joins one of these in a moment seen before. */
  ends: number;
  /** Branches that led to a moment seen before. */
  joined: number;
  /** Returns of a preempted worker that no conflict asked for. */
  commuting: number;
  /** Branches in which a fault was injected. */
  faultBranches: number;
  /** Calls at which faults were injected, by point: how often. */
  faultPoints: Map<string, number>;
  /** Real runs of code: histories of calls that differ. */
  histories: number;
  counterexample: Counterexample | null;
}

export interface Counterexample {
  what: string;
  trace: string[];
}
