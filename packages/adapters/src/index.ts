export type * from './ports.ts';
export type { BucketOptions, S3Deps } from './s3/bucket.ts';
export { type OpenObjectStore, openObjectStore } from './s3/object-store.ts';
export { type OpenStage, openStage, type StageOptions } from './s3/stage.ts';
