export type { LoadRequest } from './admin.ts';
export type { Engine, Fault, FaultHit, Faults, LocalObjects } from './contracts.ts';
export { type OpenEngine, openEngine, SOURCE_CATALOG } from './engine.ts';
export { createFaults, FaultError, type FaultPlan } from './faults.ts';
export { createLatency, type Latency, type LatencyRule } from './latency.ts';
export {
  type ActiveTable,
  type BucketFiles,
  type CompareRequest,
  type Comparison,
  compareTables,
  openCopy,
  readActiveTable,
} from './oracle.ts';
export { type S3Server, startS3 } from './s3/server.ts';
export { ObjectFiles } from './s3/store.ts';
export {
  DEFAULT_BUCKETS,
  type Sandbox,
  type SandboxCredentials,
  type SandboxEndpoints,
  type SandboxOptions,
  startSandbox,
} from './sandbox.ts';
export { seeded } from './seeded.ts';
