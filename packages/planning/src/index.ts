export {
  type ChunkSizeVerdict,
  calibrateUnloads,
  calibrationSlots,
  judgeChunkSize,
  type UnloadRates,
  type UnloadSample,
  unloadBytes,
} from './calibrate.ts';
export { chooseKey, type KeyChoice, type KeyQuestion } from './choose-key.ts';
export {
  type BigValue,
  bucketCount,
  bucketWidth,
  type Cell,
  type Cut,
  cutRanges,
  hashCuts,
  heavyCells,
  nullCut,
  rangesBetween,
  splitCell,
} from './cut-ranges.ts';
export { cutTextRanges, isSafeBoundary, type PrefixCell } from './cut-text.ts';
export { type ColumnMeasureKind, measuresFor, planColumn, unacknowledged } from './judge-loss.ts';
export { isCanonicalLiteral, isOrdinalKey, isTextKey, isUsableKey, literalOf, ordinalOf } from './key-space.ts';
export { numberChunks } from './number-chunks.ts';
export { MAX_AMPLIFICATION, scanAmplification } from './scan-amplification.ts';
export {
  matchesPattern,
  type Selection,
  selectTables,
  settingsFor,
  type TableOverride,
  type TableSettings,
} from './settings.ts';
export { tableIdOf } from './table-id.ts';
export { mapType, type TypeMapping } from './type-map.ts';
