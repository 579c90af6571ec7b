/** What the parts of the sandbox know of each other. */
import type { DuckDBConnection } from '@duckdb/node-api';

/** One DuckDB for both warehouses, so that they share its threads as they share the machine. */
export interface Engine {
  /** A connection from the pool, with TimeZone UTC. Release it; a poisoned one is closed instead. */
  acquire(): Promise<{ connection: DuckDBConnection; release(): void }>;
  /** Where the engine keeps files. */
  readonly directory: string;
}

/** The sandbox S3's objects as local files: UNLOAD adopts what DuckDB wrote, COPY INTO reads in place. */
export interface LocalObjects {
  bucketExists(bucket: string): boolean;
  /** Path of the file behind an object; null when there is no such key. */
  pathOf(bucket: string, key: string): string | null;
  list(bucket: string, prefix: string): { key: string; sizeBytes: number; etag: string; lastModifiedMs: number }[];
  read(bucket: string, key: string): Promise<Uint8Array | null>;
  write(bucket: string, key: string, body: Uint8Array): Promise<void>;
  /** Atomic create-once; false when the key exists. Delta commits use it. */
  writeIfAbsent(bucket: string, key: string, body: Uint8Array): Promise<boolean>;
  /** Moves a finished local file in as an object; the ETag is opaque, as a multipart upload's is. */
  adopt(bucket: string, key: string, file: string): Promise<{ etag: string; sizeBytes: number }>;
  remove(bucket: string, keys: readonly string[]): Promise<void>;
  /** A fresh path on the same file system, for files to adopt. */
  scratchPath(suffix: string): string;
}

/** A planned fault; see faults.ts. */
export interface Fault {
  /** e.g. `redshift.BatchExecuteStatement`, `redshift.unload`, `s3.PutObject`, `databricks.ExecuteStatement`, `databricks.copy.commit`. A trailing * matches. */
  point: string;
  /** 1-based: the nth call of that point after the plan was set; 0 = every call. */
  nth: number;
  /** Only calls whose text (statement, key) contains this. */
  match?: string;
  /** Not calls whose text contains this. */
  except?: string;
  /** Strikes only this share of the calls it would strike (0 < p <= 1), chosen by the seed. */
  probability?: number;
  /** Default 1. */
  seed?: number;
  /** Only in this window after the plan was set, on the sandbox's own clock. */
  fromMs?: number;
  untilMs?: number;
  happens:
    | { kind: 'error'; code: string; status?: number; message?: string }
    /** The work is done (or waits) this much later, whatever the client does meanwhile; `until: 'released'` waits for faults.release(). */
    | { kind: 'delay'; ms?: number; until?: 'released' }
    | { kind: 'cut-before' }
    /** The work is done, the connection is cut instead of the answer. */
    | { kind: 'answer-lost' }
    | { kind: 'truncate'; bytes: number }
    | { kind: 'corrupt'; offset: number }
    /** No space left (ENOSPC) behind this point: each platform says so in its own words; see platform-answers.ts. */
    | { kind: 'disk-full' }
    /** The caller's token or temporary credentials have expired, in the platform's own words. */
    | { kind: 'token-expired' }
    /** The platform asks to slow down, in its own words: SlowDown, ThrottlingException, 429. */
    | { kind: 'throttled' }
    /** The sandbox tells `onKill` (tests SIGKILL their worker there) and goes on. */
    | { kind: 'signal'; name: string };
}

export interface FaultHit {
  point: string;
  call: number;
  fault: Fault;
}

export interface Faults {
  set(plan: readonly Fault[]): void;
  /** Consulted by every sandbox endpoint before and after the work. Waits for delays; throws FaultError for errors and cuts. */
  before(point: string, text?: string): Promise<FaultHit | null>;
  /** After the work: true when the answer must be lost. */
  losesAnswer(hit: FaultHit | null): boolean;
  release(): void;
  readonly hits: readonly FaultHit[];
}
