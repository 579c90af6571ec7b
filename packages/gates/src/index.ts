export {
  type Decision,
  decide,
  type Reason,
  type ReasonCode,
  type Signals,
  type StopCode,
  type TableEvidence,
  type TableWritesEvidence,
  type Verdict,
  type WriteLogEvidence,
} from './evidence-gate.ts';
