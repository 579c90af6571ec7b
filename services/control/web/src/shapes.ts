/** What the API answers, from the schemas that it checks itself against. Types only: nothing of them is in the bundle. */
import type {
  ACKNOWLEDGEMENTS_JSON,
  CHANGES_JSON,
  CHUNK_JSON,
  CHUNK_PAGE_JSON,
  CHUNKS_JSON,
  DIFF_JSON,
  GATE_JSON,
  GATES_JSON,
  LIFT_JSON,
  SETTINGS_JSON,
  SIGNALS_JSON,
  STATUS_JSON,
  THROTTLE_JSON,
} from '@lakehaul/operate';
import type { z } from 'zod';
import type { PROBLEM_JSON } from '../../src/problem.ts';
import type { PROPOSED_JSON } from '../../src/proposals/accept-chunks.ts';
import type { DRIFT_PROPOSED_JSON } from '../../src/proposals/accept-drift.ts';
import type { LOSS_PROPOSED_JSON } from '../../src/proposals/acknowledge-loss.ts';
import type { APPROVED_JSON, PROPOSALS_JSON } from '../../src/proposals/proposals.ts';
import type { REPLAYED_JSON } from '../../src/quarantine.ts';
import type { MAP_JSON, ME_JSON, PACE_JSON } from '../../src/routes/map.ts';
import type { QUEUES_JSON } from '../../src/routes/queues.ts';
import type { STEERED_JSON } from '../../src/steer.ts';

export type Status = z.output<typeof STATUS_JSON> & { asOf: string };
export type TableStatus = Status['tables'][number];
export type Eta = Status['eta'];
export type Cost = Status['cost'];
export type Stage = z.output<typeof MAP_JSON>['stages'][number];
export type ChunkMap = z.output<typeof MAP_JSON>;
export type Pace = z.output<typeof PACE_JSON>;
export type Me = z.output<typeof ME_JSON>;
export type Queues = z.output<typeof QUEUES_JSON>;
export type Gates = z.output<typeof GATES_JSON> & { asOf: string };
export type GateEvidence = z.output<typeof GATE_JSON> & { asOf: string };
export type Signals = z.output<typeof SIGNALS_JSON>;
export type Throttle = z.output<typeof THROTTLE_JSON>;
export type Settings = z.output<typeof SETTINGS_JSON> & { asOf: string };
export type Changes = z.output<typeof CHANGES_JSON> & { asOf: string };
export type ChunkStory = z.output<typeof CHUNK_JSON>;
export type Receipt = ChunkStory['trail'][number];
export type Diff = z.output<typeof DIFF_JSON>;
export type ChunkPage = z.output<typeof CHUNK_PAGE_JSON>;
export type Quarantine = z.output<typeof CHUNKS_JSON>;
export type Proposals = z.output<typeof PROPOSALS_JSON>;
export type Steered = z.output<typeof STEERED_JSON>;
export type Replayed = z.output<typeof REPLAYED_JSON>;
export type Proposed = z.output<typeof PROPOSED_JSON>;
export type Acknowledgements = z.output<typeof ACKNOWLEDGEMENTS_JSON>;
export type LossProposed = z.output<typeof LOSS_PROPOSED_JSON>;
export type Lifted = z.output<typeof LIFT_JSON>;
export type DriftProposed = z.output<typeof DRIFT_PROPOSED_JSON>;
export type Approved = z.output<typeof APPROVED_JSON>;
export type Problem = z.output<typeof PROBLEM_JSON>;
export type Permission = Me['permissions'][number];
