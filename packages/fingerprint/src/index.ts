/** Canonical forms of values in both dialects, the row hash, and the referee that judges them. */
export {
  type CanonicalSql,
  canonicalSql,
  type HashColumn,
  serializeSql,
  type TextForm,
  textFormOf,
} from './canonical-sql.ts';
export { canonicalText, type ExactValue } from './canonical-text.ts';
export { columnGroups, GROUP_BUDGET_BYTES, type GroupColumn, type GroupLayout } from './column-groups.ts';
export { concatSql, type SqlDialect } from './dialect.ts';
export { type EdgeValue, edgeValues, LONG_TEXT } from './edge-values.ts';
export {
  type ColumnRead,
  type HashGroup,
  halfSql,
  hashLevels,
  type LevelsRequest,
  sumSql,
  valueLevels,
} from './hash-levels.ts';
export { holdsInexactSql, INEXACT_PATTERNS, type InexactNumber } from './json-numbers.ts';
export {
  addToFingerprint,
  combineFingerprints,
  emptyFingerprint,
  halves,
  type RowHash,
  rowHash,
} from './row-hash.ts';
export { rowBytesSql, rowText, rowTextSql } from './row-text.ts';
