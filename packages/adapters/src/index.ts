export { MIGRATION_PROPERTY, targetDifferences } from './databricks/ddl-sql.ts';
export type { DatabricksDeps, DatabricksOptions, TargetAuth } from './databricks/options.ts';
export { openDatabricks } from './databricks/target.ts';
export { type CloudCredentials, type Clouds, type CloudsConfig, type CloudsDeps, openClouds } from './open-clouds.ts';
export type {
  DifferenceReport,
  DiscoveredTable,
  HistogramQuestion,
  LoadAnswer,
  LoadRequest,
  Manifest,
  Measure,
  NotMoved,
  PolicyKind,
  PressureRequest,
  ProbeAnswer,
  ProbeChunk,
  ProbeRequest,
  RowDifference,
  Source,
  SourceCatalogue,
  SourceClock,
  SourceLoad,
  SourcePressure,
  SourceSize,
  SourceSlices,
  SourceStatement,
  SourceWrite,
  Stage,
  StatementStatus,
  Target,
  TargetColumn,
  TargetLoad,
  TargetStatement,
  TargetTableState,
  TransactionOutcome,
  UnloadAnswer,
  UnloadRequest,
  WriteSample,
  WriteSampleRequest,
} from './ports.ts';
export type { RedshiftDeps, RedshiftOptions } from './redshift/options.ts';
export { type OpenSource, openRedshift } from './redshift/source.ts';
export type { BucketOptions, S3Deps } from './s3/bucket.ts';
export type { BucketSettings } from './s3/bucket-settings.ts';
export { type BucketAdvice, judgeLedgerBucket } from './s3/judge-bucket.ts';
export { type OpenObjectStore, openObjectStore } from './s3/object-store.ts';
export { type OpenStage, openStage, type StageOptions } from './s3/stage.ts';
