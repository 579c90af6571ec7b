/**
 * The Delta log's actions as the protocol names them (delta-io/delta PROTOCOL.md, "Actions").
 * Versions and sizes are JS numbers here: they count commits and bytes of one local table and stay far below 2^53.
 * Column statistics may be any BIGINT, so they are kept as exact text (stats.ts).
 */
export interface AddFile {
  path: string;
  partitionValues: Record<string, string>;
  size: number;
  modificationTime: number;
  dataChange: boolean;
  stats?: string;
}

export interface RemoveFile {
  path: string;
  deletionTimestamp: number;
  dataChange: boolean;
  extendedFileMetadata: boolean;
  partitionValues: Record<string, string>;
  size: number;
}

export interface MetaData {
  id: string;
  name?: string;
  description?: string;
  format: { provider: 'parquet'; options: Record<string, string> };
  schemaString: string;
  partitionColumns: string[];
  configuration: Record<string, string>;
  createdTime: number;
}

export interface Protocol {
  minReaderVersion: number;
  minWriterVersion: number;
  readerFeatures?: string[];
  writerFeatures?: string[];
}

export interface DomainMetadata {
  domain: string;
  configuration: string;
  removed: boolean;
}

/** Values of parameters and metrics are strings, as DESCRIBE HISTORY shows them. */
export interface CommitInfo {
  timestamp: number;
  userId: string;
  userName: string;
  operation: string;
  operationParameters: Record<string, string>;
  readVersion?: number;
  isolationLevel: 'WriteSerializable' | 'Serializable' | 'SnapshotIsolation';
  isBlindAppend: boolean;
  operationMetrics: Record<string, string>;
  engineInfo: string;
  txnId: string;
  statementId: string;
  /** Name of the list of files that this COPY INTO loaded, in `_delta_log/_copy_into_log/`. */
  copyIntoLog?: string;
}

export interface Action {
  commitInfo?: CommitInfo;
  protocol?: Protocol;
  metaData?: MetaData;
  add?: AddFile;
  remove?: RemoveFile;
  domainMetadata?: DomainMetadata;
}
