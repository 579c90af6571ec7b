export {
  type Decision,
  decide,
  type GateState,
  gateStates,
  REASON_CODES,
  type Reason,
  type ReasonCode,
  VERDICTS,
  type Verdict,
} from './evidence-gate.ts';
export { type Finding, type GateSource, type GateUnit, SOURCE_WORDS } from './gate.ts';
export { GATES, type GateCode } from './gate-list.ts';
export type { Signals, StopCode, TableEvidence, TableWritesEvidence, WriteLogEvidence } from './signals.ts';
