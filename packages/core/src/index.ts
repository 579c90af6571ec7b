export { beginsBudget, repairNumber } from './attempt-budget.ts';
export {
  type AttemptRef,
  type Chunk,
  type ChunkRef,
  type CutLine,
  chunkName,
  type KeyPart,
  LINEAGE_COLUMN,
  lineageOf,
  lineageParts,
  lineageRange,
  MAX_ATTEMPT,
  MAX_CHUNK_NUMBER,
  type RowPredicate,
} from './chunk.ts';
export {
  type ColumnPlan,
  isRoundingAcknowledged,
  type LossClass,
  type SourceColumn,
  type SourceType,
  type SourceTypeKind,
  sourceTypeText,
  type TargetType,
  targetTypeText,
} from './column.ts';
export { counted, separated } from './counted.ts';
export {
  asLakehaulError,
  type Disposition,
  ERROR_CODES,
  type ErrorCode,
  type ErrorDetails,
  isOutage,
  LakehaulError,
  must,
} from './errors.ts';
export {
  type CarriedFingerprint,
  type Fingerprint,
  fingerprintDifferences,
  type HashForm,
  type InexactRows,
  MAX_ROW_TEXT_BYTES,
  type ProofLevel,
} from './fingerprint.ts';
export {
  type AttemptReceipts,
  type ChunkStage,
  type ChunkState,
  chunkStateOf,
  isDone,
  isEnded,
  JOURNEY,
  nextAttempt,
  nextStep,
  PLANNED,
  STEPS,
  type Step,
} from './journey.ts';
export type { ObjectInfo, ObjectStore } from './object-store.ts';
export type { Clock, Ids, Log, LogFields, Outside, OutsideOptions, OutsidePoint } from './outside.ts';
export type {
  Actor,
  Diagnosis,
  DifferenceCause,
  OpenCause,
  ProofBody,
  Receipt,
  ReceiptBodies,
  Stage,
  StagedFile,
} from './receipt.ts';
export {
  addMs,
  earliest,
  isSourceTime,
  latest,
  type SourceTime,
  sourceMicros,
  sourceTime,
} from './source-time.ts';
export { parseUnloadName, unloadName, unloadNamePrefix } from './statement-name.ts';
export {
  heldBy,
  isLimited,
  type LimitRow,
  limitRows,
  matchesLimit,
  NOTHING_STEERED,
  type PatternTest,
  type PriorityRow,
  patternTest,
  priorityOf,
  type Steering,
  type SteeringChange,
  steered,
} from './steering.ts';
export { chunkLevel, movedColumns, type SourceTableName, type TablePlan, type TargetTableName } from './table.ts';
export {
  checkThrottleSetting,
  isThrottleSetting,
  THROTTLE_DEFAULTS,
  THROTTLE_SETTING_NAMES,
  THROTTLE_SETTINGS,
  type ThrottleRow,
  type ThrottleSetting,
  type ThrottleSettingName,
  type ThrottleSettings,
  throttleSettings,
} from './throttle-settings.ts';
export { traceIdOf } from './trace-id.ts';
