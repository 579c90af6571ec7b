import type { AttemptRef } from './chunk.ts';
import type { ErrorCode } from './errors.ts';
import type { CarriedFingerprint, Fingerprint, HashForm, ProofLevel } from './fingerprint.ts';
import type { SourceTime } from './source-time.ts';

/** One staged object. Object sizes stay below 2^53 (an S3 object ends at 48.8 TiB), so a number is exact here. */
export interface StagedFile {
  key: string;
  sizeBytes: number;
  etag: string;
  rowCount: string;
}

export type OpenCause = 'planned' | 'mismatched' | 'void' | 'late-rows' | 'operator';

/** What each receipt says, by stage. 64-bit numbers are decimal text. */
export interface ReceiptBodies {
  /** The attempt exists. `observedAt` is the S3 time of what led to it; null for the first attempt. */
  opened: {
    cause: OpenCause;
    reason: string;
    observedAt: string | null;
    hashForm: HashForm;
    level: Exclude<ProofLevel, 'sampled'>;
  };
  /** Written before a statement is sent, so that whoever comes next can find it by name or tag. */
  submit: {
    step: 'unload' | 'load';
    /** 1, 2, … over both steps of the attempt. */
    submission: number;
    /** Data API StatementName, or the tag in the warehouse statement's text. */
    statementName: string;
    clientToken: string;
    /** unload: prefix that this submission alone writes to. load: prefix that it reads. Ends with '/'. */
    dataPrefix: string;
    /** The engine kills the statement after this long; afterwards it cannot commit. */
    statementTimeoutMs: number;
    /**
     * load: the statement refuses to begin later than this after the receipt, by the engine's clock. Absent in receipts
     * of versions whose statements did not ask.
     */
    startWithinMs?: number;
  };
  unloaded: {
    statementId: string;
    submission: number;
    dataPrefix: string;
    manifestKey: string;
    files: StagedFile[];
    sizeBytes: string;
    /** Counted in the UNLOAD's own transaction, before it. */
    rowCount: string;
    manifestRowCount: string;
    /** Only at level full: a second scan in the same transaction. */
    sourceFingerprint: Fingerprint | null;
    columnListHash: string;
    sourceQueryIds: string[];
    /** Start of the transaction by the source's clock, not later than its snapshot. Absent: not known, so nothing is known to be unwritten since. */
    snapshotAt?: SourceTime | null | undefined;
    durationMs: number;
  };
  loaded: {
    operation: 'copy' | 'replace' | 'delete' | 'none';
    statementIds: string[];
    rowCount: string;
    /** Where the row count comes from: the statement's answer, the count of the lineage value, or DESCRIBE HISTORY. */
    rowCountFrom: 'answer' | 'lineage' | 'history';
    targetVersion: string;
    durationMs: number;
  };
  counted: ProofBody;
  verified: ProofBody;
  /** A later proof of a chunk that is already done, at a newer target version. */
  reproved: ProofBody & { proof: number };
  mismatched: ProofBody & {
    code: ErrorCode;
    differences: string[];
    missingRows: string;
    extraRows: string;
    changedRows: string;
    /** Key of the object with the differing rows (expires), and its SHA-256. */
    rowsKey: string | null;
    rowsSha256: string | null;
    /** In how many of the named rows each column differs: names, no values. Absent in receipts of earlier versions. */
    differingColumns?: { name: string; rowCount: string }[];
    /** What the differing rows have in common. Null where no row could be named; absent in receipts of older versions. */
    diagnosis?: Diagnosis | null | undefined;
  };
  /** The attempt is over without a load that counts, and no statement of it can still commit. */
  void: {
    code: ErrorCode;
    message: string;
    /** How we know: nothing that writes was submitted · its COPY was repeated until it succeeded · all seen terminal. */
    proof: 'nothing-submitted' | 'copy-repeated' | 'statements-terminal';
    statementIds: string[];
  };
  failed: {
    step: 'unload' | 'load' | 'verify';
    failure: number;
    code: ErrorCode;
    message: string;
    retryAfterMs: number;
  };
  quarantined: { step: 'unload' | 'load' | 'verify'; code: ErrorCode; message: string; next: string };
  /**
   * A person takes a quarantined chunk as it is. It is not proven and never counts as that: the gate names it. The seal
   * expects exactly what the target held then.
   */
  accepted: {
    who: string;
    reason: string;
    /** Why the chunk was quarantined, and what differed in its last failed proof. */
    code: ErrorCode;
    differences: string[];
    /** Digest of the named rows at that time; null where none could be named. */
    rowsSha256: string | null;
    targetVersion: string;
    /** Rows per lineage value of the chunk at that version. */
    held: { lineage: string; rowCount: string }[];
  };
  /** The staged files are gone: after proof plus grace. */
  cleaned: { files: number; sizeBytes: string; prefixes: string[] };
}

/**
 * What many differing values have in common, most telling first. `column` says that one column differs without a pattern
 * that we know; `before-stage` that what was staged is what the target holds, so that the loss is in the UNLOAD's own
 * expressions; `mixed` that nothing stands out.
 */
export type DifferenceCause =
  | 'time-shift'
  | 'trailing-blanks'
  | 'null-or-empty'
  | 'cut-off'
  | 'letter-case'
  | 'rounded'
  | 'float'
  | 'became-null'
  | 'column'
  | 'before-stage'
  | 'rows-missing'
  | 'rows-extra'
  | 'rows-doubled'
  | 'mixed';

/** Holds no row value: the ledger is read by many. */
export interface Diagnosis {
  cause: DifferenceCause;
  /** The column that differs in most of the named rows; null where the rows differ as a whole. */
  column: string | null;
  /** In plain words, with the offset of a shift; the same text for the same cause. */
  detail: string;
}

export interface ProofBody {
  level: Exclude<ProofLevel, 'sampled'>;
  hashForm: HashForm;
  /** The Delta version that was read. */
  targetVersion: string;
  /** Count in the UNLOAD's transaction, manifest, load, target: all four must agree. */
  rowCounts: { transaction: string; manifest: string; load: string; target: string };
  /** Σ of the hashes that travelled (and of the parsed JSON), read from the staged files by the target engine. Null at level count. */
  carried: CarriedFingerprint | null;
  /** Σ at the source (level full). */
  source: Fingerprint | null;
  /** Σ recomputed from the target's columns. Null at level count. */
  target: Fingerprint | null;
}

export type Stage = keyof ReceiptBodies;

export interface Actor {
  service: string;
  instance: string;
  version: string;
}

/** An immutable object in the ledger, written once with If-None-Match: *. */
export interface Receipt<S extends Stage = Stage> extends AttemptRef {
  schemaVersion: 1;
  migration: string;
  stage: S;
  /** Tells our own receipt from another's after a lost answer. */
  nonce: string;
  /** The writer's clock: for people only. Order and freshness come from S3's LastModified. */
  at: string;
  by: Actor;
  /** Key of the receipt that led to this one. */
  causedBy: string | null;
  body: ReceiptBodies[S];
}
