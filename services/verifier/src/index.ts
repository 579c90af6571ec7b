export { cleanStage } from './clean-stage.ts';
export { type KeepDeps, keepTables } from './keep-tables.ts';
export { reproveChunk } from './reprove-chunk.ts';
export { sealTable } from './seal-table.ts';
export { startVerifier, type VerifierDeps } from './start-verifier.ts';
export { proveChunk, type VerifyDeps, verifyChunk } from './verify-chunk.ts';
