export { type AuditedTable, type AuditOptions, type AuditResult, auditLedger } from './check/audit-ledger.ts';
export type { PlannedTable, Plans } from './check/check-plans.ts';
export { FINDINGS, type Finding, type FindingCode, NOTES, type NoteCode } from './check/findings.ts';
export { type AuditedReceipt, type ChunkReceipts, isOf, receiptOf, stateOf } from './check/receipts.ts';
export { type ExportResult, exportLedger } from './copy/export-ledger.ts';
export { GROUPS, groupOf } from './copy/groups.ts';
export { type CopiedObject, packFrame, readPackBytes } from './copy/pack.ts';
export { copySource, type LedgerSource, packFile, storeSource } from './copy/source.ts';
export { type Anchor, anchorOf, appendAnchors, findAnchors, parseAnchors, readAnchors } from './seals/anchors.ts';
export { type LedgerSeal, parseSeal } from './seals/ledger-seal.ts';
export {
  ANCHORS_REBUILT,
  type AnchorStore,
  type AnchorsRebuilt,
  type ChainDeps,
  rebuildAnchors,
  unanchoredSeals,
} from './seals/own-chain.ts';
export {
  createSealKey,
  publicKeysOf,
  readPublicKeys,
  readSigner,
  type SealKeys,
  type SealSigner,
  signerOf,
} from './seals/seal-key.ts';
export { type LedgerSealOutcome, type SealerDeps, sealLedger } from './seals/seal-ledger.ts';
