export { type Acceptance, type AcceptDeps, acceptChunk, planAcceptance } from './accept-chunk.ts';
export {
  ACKNOWLEDGE_PLAN,
  type AcknowledgeAnswer,
  type AcknowledgeDeps,
  type Acknowledgements,
  type AcknowledgePlan,
  acknowledge,
  acknowledgementsOf,
  planAcknowledge,
} from './acknowledge.ts';
export { calibrationJson, chunksTooLarge, perSlice, type UnloadTime, unloadTime } from './calibration.ts';
export { type CancelAnswer, type CancelDeps, cancelUnloads, planCancel, type RunningUnload } from './cancel-unloads.ts';
export { refuseUnknownPattern, stepPattern } from './check-change.ts';
export { type ChunkFilter, type ChunkPage, causeOf, type ListedChunk, listChunks } from './chunk-list.ts';
export { chunkPage, cursorText, type PageFilter, parseCursor } from './chunk-page.ts';
export { type ChunkStory, chunkStory, chunkStoryJson } from './chunk-story.ts';
export { budgetCheck, unreadBudget } from './cost/budget.ts';
export { COST_PARTS, type Cost, costOf } from './cost/cost.ts';
export { CostMeter, type CostReport, NO_COST } from './cost/cost-meter.ts';
export { microsText } from './cost/money.ts';
export type { UsageLedger } from './cost/usage.ts';
export { compareSchema, type SeenSchema } from './drift/compare-schema.ts';
export { DRIFT_POLICY, type DriftKind, driftPolicy } from './drift/drift-policy.ts';
export {
  hiddenRowsRefusal,
  mayHideRows,
  UNREADABLE_NEXT,
  unreadableDetail,
  unreadablePolicies,
} from './drift/hidden-rows.ts';
export { drift, RESUME_PLAN, type ResumePlan, reopenedCount, reopeningsOf, resumeSteps } from './drift/resume-plan.ts';
export { planResume, type ResumedBy, type ResumeRequest, resumeTable } from './drift/resume-table.ts';
export { acceptedBy, newDrifts } from './drift/seen-schema.ts';
export { findChunk, findPlans } from './find-chunk.ts';
export { type Forecast, type ForecastTable, forecast } from './forecast/forecast.ts';
export { type EvidenceDeps, gateEvidence, gatesJson } from './gate-evidence.ts';
export { ACKNOWLEDGE_JSON, ACKNOWLEDGEMENTS_JSON } from './json/acknowledge.ts';
export { calibration } from './json/calibration.ts';
export { CANCEL_JSON } from './json/cancel.ts';
export { CHUNK_JSON, CHUNK_PAGE_JSON } from './json/chunk.ts';
export {
  chunkStage,
  count,
  decision,
  evidence,
  level,
  maybeWholeText,
  reason,
  said,
  sourceTime,
  sumText,
  text,
  utcTime,
  wholeText,
} from './json/common.ts';
export { DIFF_JSON } from './json/diff.ts';
export { GATE_JSON, GATES_JSON, gateCode } from './json/gate.ts';
export { SIGNAL_JSON, SIGNALS_JSON, signalsJson } from './json/signals.ts';
export { STATUS_JSON, sealFault, tableStatus } from './json/status.ts';
export {
  CHANGES_JSON,
  changeJson,
  changesJson,
  SETTINGS_JSON,
  STEER_JSON,
  steering,
  steeringJson,
} from './json/steering.ts';
export { THROTTLE_JSON } from './json/throttle.ts';
export { ACCEPT_JSON, CHUNKS_JSON, LIFT_JSON, REPLAY_JSON, RESUME_JSON, stop, TABLES_JSON } from './json/waiting.ts';
export { LEDGER_AGE_HEADER, LEDGER_STALE_MS } from './ledger-age.ts';
export { type Facts, factsOf } from './notify/facts.ts';
export { type Message, messageBody, RECEIVER_SHAPES, type ReceiverShape } from './notify/message.ts';
export { Notifier, type NotifierDeps } from './notify/notifier.ts';
export { type Episode, type ThrottleStop, ThrottleStops } from './notify/past-episodes.ts';
export { type Receiver, sendNotice } from './notify/send-notice.ts';
export { replayByFilter, replayByName } from './plan-replay.ts';
export { mismatchJson, notShown, type RowsSeen, readMismatches, type SeenMismatch } from './read-diff.ts';
export { estimateReproof, type ReproofEstimate, sumOfReproofs } from './reproof-estimate.ts';
export { statusJson } from './status-json.ts';
export {
  type StatusOptions,
  type StatusReport,
  statusOptions,
  statusReport,
} from './status-report.ts';
export type { TableStatus } from './table-status.ts';
export { type ThrottleConfig, type ThrottleNow, type ThrottleReport, throttleReport } from './throttle-report.ts';
