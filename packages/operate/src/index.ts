export { type ChunkFilter, type ChunkPage, type ListedChunk, listChunks } from './chunk-list.ts';
export { findChunk, findPlans } from './find-chunk.ts';
export { CHUNK_JSON } from './json/chunk.ts';
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
export { STATUS_JSON, sealFault, tableStatus } from './json/status.ts';
export {
  changeJson,
  changesJson,
  SETTINGS_JSON,
  STEER_JSON,
  steering,
  steeringJson,
} from './json/steering.ts';
export { ACCEPT_JSON, CHUNKS_JSON, REPLAY_JSON, RESUME_JSON, stop, TABLES_JSON } from './json/waiting.ts';
export { estimateReproof, type ReproofEstimate, sumOfReproofs } from './reproof-estimate.ts';
export { statusJson } from './status-json.ts';
export { type StatusOptions, type StatusReport, statusReport, type TableStatus } from './status-report.ts';
