export {
  type AcceptedSchema,
  acceptedSchema,
  isValidColumnList,
  validSchemas,
  withCurrentOids,
} from './accepted-schemas.ts';
export { type AcknowledgedRecord, acknowledgedRecord, mayFollowPlan } from './acknowledged.ts';
export { CALIBRATION, type CalibrationRecord, Calibrations } from './calibration-record.ts';
export type { DiffSweep } from './diffs.ts';
export type { OpenRequest, OpenResult } from './fence.ts';
export { type FoldSegment, parseFold } from './folds.ts';
export { heldJob } from './held-job.ts';
export { isRepeatable, LedgerKeys, type ReceiptKey, SHARDS, STAGES, shardOf, tablePath } from './keys.ts';
export { Ledger, type LedgerOptions } from './ledger.ts';
export {
  CLAIM_MS,
  NOTICE_SHAPES,
  type NotedNotice,
  type Notice,
  type NoticeKind,
  NoticeLog,
  type NoticeOutcome,
  SEVERITIES,
  type Severity,
  type Told,
} from './notice-log.ts';
export { chunkPage, type PlanHead, pageChunks, planHead } from './plan-schemas.ts';
export { byTable, joinedPlans } from './plan-store.ts';
export { PROCESS_NAME, type ProcessSignal, ProcessSignals, SIGNALS } from './process-signals.ts';
export type { StoredReceipt, TroubleStage, WriteResult } from './receipt-store.ts';
export { recordShape, tableSeal } from './record-shapes.ts';
export type { LedgerRecord, RecordResult } from './records.ts';
export { type PlannedReopening, type Reopening, reopenChunks, reopenPlanned } from './reopen-chunks.ts';
export { RequestLog, S3_REQUESTS, type S3RequestCounts, type S3RequestTotal } from './request-log.ts';
export {
  answeredRecord,
  askedKey,
  askedRecord,
  decisionRecord,
  PROPOSALS,
  type Proposal,
  proposalPath,
  proposalRecord,
  proposedKey,
  requestPath,
} from './requests.ts';
export {
  type MovedRows,
  runStep,
  type StepJob,
  type StepLimits,
  type StepOutcome,
  type StepRequest,
} from './run-step.ts';
export type { LedgerScan, ScanCost, ScanOptions } from './scan.ts';
export type { ChunkMatch, ScannedState, ScanSummary, SeenAttempt } from './scan-table.ts';
export { conflict, envelope, parseAs, parseBody, parseJson, receiptEnvelope, SCHEMA_VERSION } from './schemas.ts';
export {
  STEERING,
  STEERING_AGE_MS,
  type Steered,
  SteeringLog,
  type SteeringRecord,
  steeringRecord,
} from './steering-log.ts';
export {
  isSealCurrent,
  newestReceiptMs,
  newestSeal,
  type Seal,
  type SealFault,
  type SealFaultKind,
} from './table-seals.ts';
export { isLiftedBy, type TableEvent, type TableHalt, type TableResume, type TableStop } from './table-stops.ts';
export { THROTTLE, type ThrottleFollower, ThrottleLog, type ThrottleRecord, throttleRecord } from './throttle-log.ts';
export {
  type CleanUntil,
  cleanUntilPath,
  judgeWrites,
  latestCleanUntil,
  latestProbe,
  latestSample,
  type ProbeRecord,
  probesPath,
  reachMs,
  sampledMs,
  type TableWrites,
  WRITE_LOG,
  WRITE_LOG_SHAPES,
  type WriteLogSample,
  type WriteLogState,
  type WrittenTable,
} from './write-log.ts';
