/**
 * The three ports: what the services need of the clouds, in their own words. Implementations: redshift/, s3/,
 * databricks/. No port call decides what comes next; retries by disposition happen in `outside` around each call.
 */
import type {
  CarriedFingerprint,
  ColumnPlan,
  Fingerprint,
  HashForm,
  KeyPart,
  ObjectInfo,
  RowPredicate,
  SourceColumn,
  SourceTableName,
  SourceTime,
  StagedFile,
  TablePlan,
  TargetTableName,
} from '@lakehaul/core';

// ---------------------------------------------------------------- source

export interface DiscoveredTable {
  name: SourceTableName;
  oid: string;
  columns: SourceColumn[];
  columnListHash: string;
  /** From SVV_TABLE_INFO; null when it has no row (empty table) or is not readable. */
  estimatedRows: bigint | null;
  estimatedBytes: bigint | null;
  sortKeyStyle: 'none' | 'compound' | 'interleaved' | 'auto';
  hasRowSecurity: boolean;
  hasMasking: boolean;
}

/** Something at the source that this product does not move: listed, and part of the evidence. */
export interface NotMoved {
  kind:
    | 'view'
    | 'materialized-view'
    | 'external-table'
    | 'procedure'
    | 'function'
    | 'grant'
    | 'policy'
    | 'default'
    | 'identity'
    | 'constraint'
    | 'datashare';
  name: string;
  detail: string;
}

export interface SourceCatalogue {
  tables: DiscoveredTable[];
  notMoved: NotMoved[];
}

/** One scalar to read from a table's data, for loss and key decisions. */
export type Measure =
  | { id: string; kind: 'rowCount' }
  | {
      id: string;
      kind: 'maxBytes' | 'nullCount' | 'minText' | 'maxText' | 'nonFiniteCount' | 'negativeZeroCount';
      column: SourceColumn;
    }
  | {
      id: string;
      /** Of a SUPER: values with a number of more than 38 digits; with one of 10^300 or more. */
      kind: 'longNumberCount' | 'hugeNumberCount';
      column: SourceColumn;
    }
  /** Rows whose value is outside what the target type holds (dates before 0001 or after 9999 …). */
  | { id: string; kind: 'outOfRangeCount'; column: SourceColumn }
  /** Longest joined hash text of a row, in bytes. */
  | { id: string; kind: 'maxRowBytes'; columns: readonly ColumnPlan[] };

/** One histogram question: how many rows fall in each of `buckets` equal-width half-open parts of [from, to)? */
export interface HistogramQuestion {
  column: SourceColumn;
  /** Rows are first narrowed by this. */
  predicate: RowPredicate;
  from: string;
  to: string;
  buckets: number;
}

export interface UnloadRequest {
  plan: TablePlan;
  predicate: RowPredicate;
  hashForm: HashForm;
  /** `count` carries no hash; `full` adds the second scan. */
  level: 'count' | 'carried' | 'full';
  /** `s3://…/` prefix of this submission alone, ends with '/'. */
  dataUrl: string;
  statementName: string;
  clientToken: string;
  /** With a scan group: PARTITION BY this many hash buckets, counts per bucket. */
  buckets: number | null;
}

export type StatementStatus = 'running' | 'finished' | 'failed' | 'aborted';

export interface SourceStatement {
  statementId: string;
  statementName: string;
  status: StatementStatus;
  /** The database's message when failed. */
  error: string | null;
  queryIds: string[];
  durationMs: number;
}

/** What can hide rows or values from the user who asks. */
export type PolicyKind = 'row-level security' | 'masking';

export interface UnloadAnswer {
  /** Counted in the transaction, per bucket for a scan group (one entry with bucket null otherwise). */
  counts: { bucket: number | null; rowCount: string; maxRowBytes: string }[];
  columnListHash: string;
  /** Attached to the table when the UNLOAD began; not asked where they were acknowledged. */
  policies: PolicyKind[];
  /** Start of the transaction by the source's clock, not later than its snapshot; null when no row told it. */
  snapshotAt: SourceTime | null;
  /** Level full only; per bucket for a scan group. */
  fingerprints: { bucket: number | null; fingerprint: Fingerprint }[];
}

/** A chunk to probe; the numbers are the caller's and come back with the sums. */
export interface ProbeChunk {
  number: number;
  parts: readonly KeyPart[];
}

export interface ProbeRequest {
  plan: TablePlan;
  /** In key order, as the plan has them: neighbours share a scan. */
  chunks: readonly ProbeChunk[];
  hashForm: HashForm;
  /** Counts only otherwise. */
  hasHashes: boolean;
}

export interface ProbeAnswer {
  /** Of the earliest snapshot. */
  snapshotAt: SourceTime;
  sums: Map<number, Fingerprint>;
  /** Asked chunks with a row that is too long for form `joined`; of their sums, only the count says something. */
  tooLong: ReadonlySet<number>;
  /** Rows within the scanned bounds that belong to none of the asked chunks. */
  strayRows: string;
  scans: number;
  /** Rows within the bounds of each scan, all scans added up: what it reads where zone maps skip the rest. */
  rowsScanned: string;
}

export interface SourceClock {
  now: SourceTime;
  /** False: the history shows us our own statements only, and says nothing about anybody else's. */
  seesAllStatements: boolean;
}

export interface WriteSampleRequest {
  /** Statements that ended in [from, to). */
  from: SourceTime;
  to: SourceTime;
  tables: readonly { oid: string; schema: string; table: string }[];
  /** Transactions of earlier samples whose end is not known yet. */
  pending: readonly string[];
}

export interface SourceWrite {
  oid: string;
  transactionId: string;
  /** insert, update, delete, copy, truncate, … as the history names it. */
  kind: string;
  statements: number;
  firstAt: SourceTime;
  lastAt: SourceTime;
  knownFrom: 'steps' | 'text';
}

export type TransactionOutcome = { kind: 'committed'; at: SourceTime | null } | { kind: 'rolled-back' };

export interface WriteSample {
  /** Everything was read before this. */
  readAt: SourceTime;
  writes: SourceWrite[];
  /** Transactions of these writes, and of the pending ones, that had not ended when the reading began. */
  open: string[];
  outcomes: Map<string, TransactionOutcome>;
  outcomesReadable: boolean;
  /** Oids of asked tables that do not have their name any more. */
  displaced: string[];
}

export interface Source {
  /** Catalogue of the database, empty tables included. Reads only. */
  discover(): Promise<SourceCatalogue>;
  measure(request: {
    table: SourceTableName;
    predicate: RowPredicate;
    measures: readonly Measure[];
  }): Promise<Map<string, string | null>>;
  histogram(table: SourceTableName, question: HistogramQuestion): Promise<bigint[]>;
  /** Distinct leading texts with their row counts, in byte order of the key as the source compares it; at most `limit`. */
  textPrefixes(request: {
    table: SourceTableName;
    column: SourceColumn;
    predicate: RowPredicate;
    length: number;
    limit: number;
  }): Promise<{ prefix: string; rowCount: bigint }[]>;
  /** The statements of one unload batch, in order, each below the limit: what the dry run prints and the run sends. */
  renderUnload(request: UnloadRequest): string[];
  /** Sends the batch as one transaction. Not idempotent beyond its client token (8 h). */
  submitUnload(request: UnloadRequest): Promise<{ statementId: string }>;
  /** Finds a submitted batch by its exact name, whoever sent it; null when the service knows none. */
  findStatement(statementName: string): Promise<SourceStatement | null>;
  /** Those that wait or run now and whose name begins like that, whoever sent them. */
  runningStatements(namePrefix: string): Promise<{ statementId: string; statementName: string }[]>;
  /** Waits (long poll) until the statement ends or the signal aborts. */
  awaitStatement(statementId: string, signal: AbortSignal): Promise<SourceStatement>;
  /** Reads the counts and fingerprints of a finished batch. SOURCE_RESULT_EXPIRED after the retention. */
  readUnloadAnswer(statementId: string, request: UnloadRequest): Promise<UnloadAnswer>;
  /** Works from any process of the same role. What has ended already is no error. */
  cancelStatement(statementId: string): Promise<void>;
  /** Recomputes the fingerprint of a predicate in a scan of its own (lakehaul verify --source). */
  fingerprint(plan: TablePlan, predicate: RowPredicate, hashForm: HashForm): Promise<Fingerprint>;
  /** Sums of many chunks in as few scans as the statement limit allows. */
  renderProbe(request: ProbeRequest): string[];
  probe(request: ProbeRequest, signal?: AbortSignal): Promise<ProbeAnswer>;
  clock(): Promise<SourceClock>;
  /** What the history says about writes in a window, and about transactions. */
  renderWriteSample(request: WriteSampleRequest): string[];
  sampleWrites(request: WriteSampleRequest): Promise<WriteSample>;
  /** For doctor: who we are and what is missing; throws the first refusal. */
  check(): Promise<{ endpoint: string; user: string; version: string }>;
}

export interface PressureRequest {
  /** Waits of statements that left the queue so lately count. */
  windowMs: number;
  /** Of the whole look. A source that cannot answer a small question for so long is in pain. */
  timeoutMs: number;
  /** The canary reads a thousand rows of it; null sends none. */
  canaryTable: SourceTableName | null;
  /** Ends the waiting; what was sent ends with its time-out. */
  signal?: AbortSignal | undefined;
}

export interface SourcePressure {
  /** False: the history shows us our own statements only, and the numbers say nothing about others. */
  seesAllStatements: boolean;
  queued: number;
  running: number;
  /** Of the running ones, by our query groups. */
  runningOurs: number;
  /** 95th percentile of the waits of what is not the haul's own; null: nothing waited or started lately. */
  queueTimeMs: number | null;
  /** Of the newest canary that the history tells of; null as long as it tells of none. */
  canaryMs: number | null;
  /** Of the fullest node; null where it cannot be read, and why. */
  storagePercent: number | null;
  storageUnread: string | null;
}

/** What the throttle asks the source: reads only, and little. */
export interface SourceLoad {
  readPressure(request: PressureRequest): Promise<SourcePressure>;
}

export interface SourceSlices {
  slices: number;
  nodes: number;
}

export interface SourceSize {
  /** Of a provisioned cluster; null where the user sees none of them. */
  readSlices(): Promise<SourceSlices | null>;
}

// ---------------------------------------------------------------- stage

export interface Manifest {
  manifestKey: string;
  files: StagedFile[];
  rowCount: string;
  sizeBytes: string;
}

export interface Stage {
  /** `s3://bucket/key` of a key. */
  url(key: string): string;
  /**
   * The manifest of an UNLOAD to this prefix with the listing's ETags and sizes merged in, checked: every entry exists
   * with its size, nothing is extra, record counts add up. Null when there is no manifest (zero rows may write none).
   */
  readManifest(dataPrefix: string): Promise<Manifest | null>;
  /** Objects under a prefix now. */
  list(prefix: string): Promise<ObjectInfo[]>;
  delete(keys: readonly string[]): Promise<void>;
  check(): Promise<{ endpoint: string; bucket: string }>;
}

// ---------------------------------------------------------------- target

export interface TargetColumn {
  name: string;
  typeText: string;
  nullable: boolean;
}

export interface TargetTableState {
  columns: TargetColumn[];
  properties: Record<string, string>;
  hasRowFilterOrMask: boolean;
  version: string;
}

/** A group of staged files with the lineage that their rows get. */
export interface LoadRequest {
  plan: TablePlan;
  hashForm: HashForm;
  chunk: number;
  attempt: number;
  /** Directory of the files, `s3://…/`. */
  dataUrl: string;
  /** Names relative to dataUrl: exactly the manifest's. */
  fileNames: readonly string[];
  statementTag: string;
  statementTimeoutMs: number;
  /** On the process's clock. Past it the statement must not be sent any more: the fence gives a submission up by its age. */
  sendBeforeMs: number;
  /**
   * Epoch milliseconds on the clouds' clock. The statement itself asks the engine's clock and fails, or changes nothing,
   * when it starts later: a packet that a network held back for an hour must find the door closed.
   */
  startBeforeMs: number;
}

export interface LoadAnswer {
  statementId: string;
  /** Null when the answer does not say (lost, or 0 of a COPY that had loaded the files before). */
  insertedRows: string | null;
}

export interface TargetStatement {
  statementId: string;
  statementTag: string;
  status: StatementStatus;
  error: string | null;
}

export interface RowDifference {
  kind: 'missing' | 'extra' | 'changed' | 'doubled';
  /** Key columns as text; a person finds the row by them. Row values never leave this object but into the diff object. */
  key: Record<string, string | null>;
  columns: { name: string; source: string | null; target: string | null }[];
}

export interface DifferenceReport {
  missingRows: string;
  extraRows: string;
  changedRows: string;
  rows: RowDifference[];
  isTruncated: boolean;
}

/** What the throttle asks the target. */
export interface TargetLoad {
  /** Statements that wait in the warehouse's queue, whoever sent them; a thousand at most. */
  queuedStatements(): Promise<number>;
}

export interface Target {
  describe(table: TargetTableName): Promise<TargetTableState | null>;
  /** DDL for the table as it is now: schema and table created, or an existing one adopted; empty when nothing is left. */
  renderPrepare(plan: TablePlan, existing: TargetTableState | null): string[];
  /** Runs what `renderPrepare` gave, one by one. Safe to repeat: each statement says IF NOT EXISTS, or is rendered anew. */
  prepare(statements: readonly string[]): Promise<void>;
  renderLoad(request: LoadRequest): string[];
  /** COPY INTO of exactly these files (attempt 1). Idempotent per file while the table lives. */
  copy(request: LoadRequest): Promise<LoadAnswer>;
  /** INSERT … REPLACE WHERE over all lineage values of the chunk (attempts after the first). */
  replace(request: LoadRequest): Promise<LoadAnswer>;
  /** DELETE of all lineage values of the chunk: a later attempt that has no rows. */
  deleteChunk(request: Omit<LoadRequest, 'dataUrl' | 'fileNames'>): Promise<LoadAnswer>;
  /** Statements whose text carries the tag, running or ended, since `sinceMs`: from the warehouse's query history. */
  findStatements(statementTag: string, sinceMs: number): Promise<TargetStatement[]>;
  /** Current version of the table. */
  version(table: TargetTableName): Promise<string>;
  /** Rows per lineage value of the chunk at a version. */
  countLineages(plan: TablePlan, chunk: number, version: string): Promise<{ lineage: bigint; rowCount: string }[]>;
  /** Σ of the hashes that travelled in the staged files. */
  carriedFingerprint(request: {
    plan: TablePlan;
    /** The attempt's own, not the plan's: rows with VARIANT columns are hashed again from the staged files. */
    hashForm: HashForm;
    dataUrl: string;
    fileNames: readonly string[];
  }): Promise<CarriedFingerprint>;
  /** Recomputed from the target's columns for one lineage value at a version. */
  fingerprint(request: {
    plan: TablePlan;
    hashForm: HashForm;
    chunk: number;
    attempt: number;
    version: string;
  }): Promise<Fingerprint>;
  /** Multiset difference of row hashes, staged against target, at a version; rows named by key and column, at most `limit`. */
  differences(request: {
    plan: TablePlan;
    hashForm: HashForm;
    chunk: number;
    attempt: number;
    version: string;
    dataUrl: string;
    fileNames: readonly string[];
    limit: number;
  }): Promise<DifferenceReport>;
  /** Rows per lineage value over the whole table, live rows (NULL) left out: the seal's one scan. */
  lineageCounts(table: TargetTableName, version: string): Promise<{ lineage: bigint; rowCount: string }[]>;
  /** Commits after `sinceVersion`: who did what. */
  history(
    table: TargetTableName,
    sinceVersion: string,
  ): Promise<
    {
      version: string;
      operation: string;
      statementTag: string | null;
      parameters: Record<string, string>;
      metrics: Record<string, string>;
      user: string;
    }[]
  >;
  check(): Promise<{ endpoint: string; user: string; version: string }>;
  close(): Promise<void>;
}
