export {
  type Decision,
  decide,
  type Reason,
  type ReasonCode,
  type Signals,
  type StopCode,
  type TableEvidence,
  type Verdict,
} from './evidence-gate.ts';
