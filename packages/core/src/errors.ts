/**
 * What to do about an error, decided where the knowledge is:
 * `retry` same attempt, later · `backpressure` same attempt, later, and not counted as a failure ·
 * `reopen` this attempt is spent, a new one starts from the source · `quarantine` only a person can settle it for this
 * chunk · `stop` only a person can settle it for the whole run · `refuse` nothing was changed and nothing will be.
 */
export type Disposition = 'retry' | 'backpressure' | 'reopen' | 'quarantine' | 'stop' | 'refuse';

/** The doc of a code is its runbook entry: deploy/runbook/errors.md is generated from this table. */
export interface ErrorCodeEntry {
  disposition: Disposition;
  doc: string;
  next: string;
}

export const ERROR_CODES = {
  // Ours
  INTERNAL: {
    disposition: 'quarantine',
    doc: 'A state that the code holds for impossible.',
    next: 'Report it with the chunk trail (lakehaul chunk CHUNK --json).',
  },
  USAGE: { disposition: 'refuse', doc: 'The command line is not understood.', next: 'See lakehaul --help.' },
  CONFIG_INVALID: {
    disposition: 'refuse',
    doc: 'lakehaul.yaml or the environment has mistakes; all of them are listed with line and column.',
    next: 'Mend the listed places and run lakehaul config check.',
  },
  // Identity and reach
  CREDENTIALS_REJECTED: {
    disposition: 'stop',
    doc: 'The platform rejected our credentials, or they expired and could not be renewed.',
    next: 'Check the named credential, then run lakehaul doctor.',
  },
  PERMISSION_DENIED: {
    disposition: 'stop',
    doc: 'We are known, but not allowed to do this.',
    next: 'Grant the right named in the message (deploy/runbook lists the least privileges), then run lakehaul doctor.',
  },
  UNREACHABLE: {
    disposition: 'retry',
    doc: 'The platform did not answer: network, TLS, or a stopped endpoint.',
    next: 'Check host, port and network policy; lakehaul doctor names the call that failed.',
  },
  THROTTLED: {
    disposition: 'backpressure',
    doc: 'The platform asked us to slow down (429, SlowDown, ThrottlingException, too many active statements).',
    next: 'Nothing; it is retried later and not counted as a failure. Lower the limits if it stays.',
  },
  UNAVAILABLE: { disposition: 'retry', doc: 'The platform failed on its side (5xx).', next: 'Nothing; it is retried.' },
  ANSWER_LOST: {
    disposition: 'retry',
    doc: 'A call was sent and its answer never came: the work may or may not have been done.',
    next: 'Nothing; the next try finds out what was done before it does anything.',
  },
  BUCKET_MISSING: {
    disposition: 'stop',
    doc: 'The staging or ledger bucket does not exist or is in another region.',
    next: 'Create it, or correct staging.bucket or ledger.bucket.',
  },
  // Source
  WRITE_LOG_BLIND: {
    disposition: 'refuse',
    doc: 'The source’s history shows us our own statements only, so nobody could say whether a table was written since it was read.',
    next: 'ALTER USER … SYSLOG ACCESS UNRESTRICTED for the hauling user; GRANT SELECT ON sys_transaction_history to it as well, so that rolled-back writes need no probe.',
  },
  GENERATION_CLOSED: {
    disposition: 'refuse',
    doc: 'A top-up was asked for a table whose last generation has no watermark: it covers every key already.',
    next: 'Nothing is missing: late rows are found by lakehaul watch. A watermark is set before the first plan (tables.overrides[].watermark).',
  },
  PROBE_IMPOSSIBLE: {
    disposition: 'refuse',
    doc: 'A table proven by counts only was written since it was read. Counts find no update, so no probe can say which chunks changed.',
    next: 'Haul it at level carried or above under another migration name, or stop the writes before it is hauled.',
  },
  SOURCE_STATEMENT_FAILED: {
    disposition: 'retry',
    doc: 'A statement on Redshift ended as FAILED.',
    next: 'Read the database error in the trail.',
  },
  SOURCE_STATEMENT_ABORTED: {
    disposition: 'retry',
    doc: 'A statement on Redshift was stopped by somebody or by a query monitoring rule.',
    next: 'If a WLM rule aborts it, raise the rule for our query group or make chunks smaller.',
  },
  SOURCE_RESULT_EXPIRED: {
    disposition: 'reopen',
    doc: 'The result of a finished statement is past its retention (24 h), so its counts cannot be read any more.',
    next: 'Nothing; a new attempt starts.',
  },
  SOURCE_SCHEMA_CHANGED: {
    disposition: 'quarantine',
    doc: 'Table oid or column list at the source is no longer what was planned: seen inside the UNLOAD’s own transaction.',
    next: 'lakehaul status names the drift; undo it, or accept it with lakehaul tables resume TABLE --accept-drift, then lakehaul replay the chunk.',
  },
  STATEMENT_TOO_LONG: {
    disposition: 'refuse',
    doc: 'A generated statement would exceed the statement limit even when split by column group.',
    next: 'Raise limits.statementBytes if your endpoint allows more, or exclude columns.',
  },
  ROW_TOO_LONG: {
    disposition: 'reopen',
    doc: 'A row in the chunk is longer than the joined hash text may be; the next attempt hashes column by column.',
    next: 'Nothing; a new attempt starts.',
  },
  TABLE_MISSING: {
    disposition: 'refuse',
    doc: 'A table named in the configuration does not exist at the source.',
    next: 'Correct tables.include, or remove the table.',
  },
  NOT_A_TABLE: {
    disposition: 'refuse',
    doc: 'A view, external table or other relation was named as a table to haul.',
    next: 'Remove it from tables.include; recreate it on the target by hand.',
  },
  ROW_SECURITY: {
    disposition: 'refuse',
    doc: 'Row-level security or masking would hide rows or values from us, on both sides alike.',
    next: 'Give the hauling user EXPLAIN RLS / IGNORE RLS and unmasked rights, or exclude the table.',
  },
  LOSS_NOT_ACKNOWLEDGED: {
    disposition: 'refuse',
    doc: 'A column cannot be moved without loss and nobody has acknowledged that.',
    next: 'Read the reason; acknowledge it under tables[].acknowledge, or exclude the column.',
  },
  AMPLIFICATION_NOT_ACKNOWLEDGED: {
    disposition: 'refuse',
    doc: 'The plan would scan the table more than three times.',
    next: 'Choose another key, larger chunks, or acknowledge scan-amplification.',
  },
  KEY_UNUSABLE: {
    disposition: 'refuse',
    doc: 'The key column named in the configuration cannot be split into ranges (float, collated text, SUPER …).',
    next: 'Name another column or leave key out.',
  },
  // Stage
  MANIFEST_INVALID: {
    disposition: 'reopen',
    doc: 'The UNLOAD manifest is missing, unreadable, or does not add up.',
    next: 'Nothing; a new attempt starts.',
  },
  STAGE_MISMATCH: {
    disposition: 'reopen',
    doc: 'The staged files are not exactly those of the manifest: a name, a size or an ETag differs, or a file is missing or extra.',
    next: 'Nothing; a new attempt starts. If it comes again, find out who writes to the staging prefix.',
  },
  TOO_MANY_FILES: {
    disposition: 'quarantine',
    doc: 'The chunk was staged in more files than one COPY INTO takes (1,000). Several COPYs would be several commits, and the fence knows of one.',
    next: 'Plan the table with smaller chunks (chunkBytes).',
  },
  COUNT_MISMATCH: {
    disposition: 'reopen',
    doc: 'The counts of one chunk disagree (transaction, manifest, load, target).',
    next: 'Nothing; a new attempt starts. Quarantined when it stays.',
  },
  // Target
  TARGET_STATEMENT_FAILED: {
    disposition: 'retry',
    doc: 'A statement on the warehouse failed.',
    next: 'Read the SQLSTATE and message in the trail.',
  },
  TARGET_CONFLICT: {
    disposition: 'retry',
    doc: 'Another commit to the same table came in between (DELTA_CONCURRENT_*, COPY_INTO_DUPLICATED_FILES).',
    next: 'Nothing; it is retried.',
  },
  TARGET_INCOMPATIBLE: {
    disposition: 'refuse',
    doc: 'The target table exists and its columns do not fit.',
    next: 'Mend the listed differences, or choose another target name.',
  },
  TARGET_NOT_OURS: {
    disposition: 'refuse',
    doc: 'The target table belongs to another migration (table property lakehaul.migration).',
    next: 'Use the other migration, another target table, or remove the property when the other one is over.',
  },
  TARGET_NOT_ACKNOWLEDGED: {
    disposition: 'refuse',
    doc: 'The target table exists already; adopting it adds the nullable lineage column and a table property.',
    next: 'Acknowledge adopt-target for this table.',
  },
  TARGET_FOREIGN_COMMIT: {
    disposition: 'stop',
    doc: 'DESCRIBE HISTORY shows a commit that changed hauled rows and is not ours.',
    next: 'Find the writer; lakehaul seal tells which chunks are affected.',
  },
  ROW_FILTER: {
    disposition: 'refuse',
    doc: 'A row filter or column mask at the target hides rows from us.',
    next: 'Exempt the hauling principal.',
  },
  // Proof
  NUMBERS_ROUNDED: {
    disposition: 'quarantine',
    doc: 'Rows that came after the plan hold JSON numbers that a VARIANT reads as another value (more than 38 digits, below 10^-324) or cannot hold at all (10^300 or more). The target equals the parsed text, so nothing else differs.',
    next: 'lakehaul acknowledge TABLE rounding:COLUMN --reason "…" (or rounding:COLUMN under tables.overrides[].acknowledge, and lakehaul plan), then lakehaul replay CHUNK. Where the digits matter, or the number is 10^300 or more: mend the rows at the source and replay, or haul the table as another migration with super: string.',
  },
  HASH_MISMATCH: {
    disposition: 'reopen',
    doc: 'The target’s rows are not the source’s rows: differing rows are named by key and column.',
    next: 'Nothing; the chunk is repaired by a new attempt. Quarantined when it stays: lakehaul diff CHUNK.',
  },
  ATTEMPTS_EXHAUSTED: {
    disposition: 'quarantine',
    doc: 'The chunk failed as often as the configuration allows.',
    next: 'lakehaul chunk CHUNK tells why; mend the cause, then lakehaul replay CHUNK --reason "…".',
  },
  // Tables
  SYSTEMIC_CAUSE: {
    disposition: 'quarantine',
    doc: 'Many chunks of one table went wrong for one cause, so repairing them one by one would only cost money: the table is stopped, other tables go on. The likely cause is named: a column, a type, a time zone, trailing blanks, NULL against empty text, a float, or one writer in the stage or the target.',
    next: 'lakehaul chunks TABLE and lakehaul diff CHUNK show it; mend the cause, then lakehaul tables resume TABLE --reason "…", and lakehaul replay what is quarantined.',
  },
  CHUNKS_TOO_LARGE: {
    disposition: 'refuse',
    doc: 'At the speed that was measured on the first big chunks (lakehaul throttle) one UNLOAD of this table cannot end within statements.sourceTimeoutMs: each attempt would read the source for hours and give nothing. No chunk of it is begun.',
    next: 'Raise statements.sourceTimeoutMs, and the time-outs of the user and of WLM with it; or haul the table under another migration name with a smaller chunkBytes.',
  },
  SCHEMA_DRIFT: {
    disposition: 'quarantine',
    doc: 'The table at the source is no longer the one that was planned (docs/schema-drift.md says what is done about each change, and why). What stands in the target is told; nothing in it was changed.',
    next: 'Undo the change at the source, or accept it where the policy allows: lakehaul tables resume TABLE --accept-drift --reason "…".',
  },
  TABLE_STOPPED: {
    disposition: 'backpressure',
    doc: 'The table is stopped, so no attempt of its chunks is opened. The other tables go on.',
    next: 'lakehaul status says why; a person lifts the stop with lakehaul tables resume TABLE --reason "…".',
  },
  UNLOAD_HELD: {
    disposition: 'backpressure',
    doc: 'A blackout is on, or a person holds the throttle: no UNLOAD starts. What runs goes on, loads and proofs too.',
    next: 'Nothing; it goes on afterwards. lakehaul throttle says until when, and how a person has a blackout overlooked.',
  },
  CHUNK_NOT_QUARANTINED: {
    disposition: 'refuse',
    doc: 'Only a quarantined chunk can be accepted as it is: every other one is still repaired, or is proven.',
    next: 'lakehaul chunks --stage quarantined lists those that wait for a person.',
  },
  // Ledger
  FENCED: {
    disposition: 'retry',
    doc: 'An earlier attempt may still write; this attempt must wait until it is loaded or void.',
    next: 'Nothing; it is retried.',
  },
  SUPERSEDED: {
    disposition: 'retry',
    doc: 'A newer attempt of this chunk exists, so this job is history.',
    next: 'Nothing; the newer attempt goes on.',
  },
  ATTEMPT_ENDED: {
    disposition: 'reopen',
    doc: 'The attempt is being ended, so no further statement of it may be sent.',
    next: 'Nothing; it is declared void when none of its statements can commit any more, and a new attempt starts.',
  },
  LEDGER_CONFLICT: {
    disposition: 'stop',
    doc: 'The ledger holds something else than this run expects: another plan, another schema version.',
    next: 'Use another migration name, or the version of lakehaul that wrote it.',
  },
  SEAL_FOREIGN: {
    disposition: 'refuse',
    doc: 'The last ledger seal is not signed by a key that this sealer knows: it does not build on it, since its own signature would vouch for what came before.',
    next: 'If the key was rotated or another sealer has one of its own: put both public keys into audit.publicKeyFile. If not, somebody else wrote that seal: lakehaul audit --anchors FILE tells from where on the chain is not yours.',
  },
  ANCHORS_LOST: {
    disposition: 'refuse',
    doc: 'Seals in the ledger have no anchor outside the bucket, and not only the newest one (which a crash explains): the anchor file is lost or incomplete, or it is the file of another sealer.',
    next: 'Bring the file back from its copy, or name the right one in audit.anchorFile. If it is gone for good: lakehaul ledger-seal --rebuild-anchors --reason "…" makes anchors from the bucket and writes down who did it; audits tell from which seal on they are continuous.',
  },
  SEAL_KEY_UNUSABLE: {
    disposition: 'refuse',
    doc: 'The key or the anchors of the ledger seals cannot be read, or are of another kind than Ed25519 in PEM.',
    next: 'lakehaul keys create --out FILE makes a key pair; name it by LAKEHAUL_SEAL_KEY_FILE or --key.',
  },
  REDIS_MISSING: {
    disposition: 'refuse',
    doc: 'A drill with a whole fleet of processes needs a redis-server or valkey-server, and none is on the PATH.',
    next: 'Install redis-server, or choose a drill that needs none (lakehaul drill --list).',
  },
  // The API
  UNAUTHENTICATED: {
    disposition: 'refuse',
    doc: 'The API was asked without a credential that it knows. The answer is the same for every path, so it tells nothing of what is there.',
    next: 'Send Authorization: Bearer with a token whose digest is in control.tokensFile, or with one of the OIDC issuer; it may have expired.',
  },
  FORBIDDEN: {
    disposition: 'refuse',
    doc: 'The caller is known, but has none of the roles that may do this (services/control/src/auth/permissions.ts).',
    next: 'Ask somebody who has the role that the message names.',
  },
  NOT_FOUND: {
    disposition: 'refuse',
    doc: 'The API has no such path, table, chunk or queue.',
    next: 'GET /v1/tables and /v1/chunks list what there is, /openapi.json every path.',
  },
  REQUEST_INVALID: {
    disposition: 'refuse',
    doc: 'A parameter, header or body of an API request is not as /openapi.json describes it; every mistake is listed.',
    next: 'Mend the listed places.',
  },
  KEY_REUSED: {
    disposition: 'refuse',
    doc: 'The Idempotency-Key was used by the same caller for another request. What that one changed stands; nothing was changed now.',
    next: 'Choose a new key for a new change, or repeat the first request as it was.',
  },
  TOO_MANY_REQUESTS: {
    disposition: 'backpressure',
    doc: 'The caller asked the API more often than control.rateLimit allows.',
    next: 'Wait as long as Retry-After says; follow /v1/events instead of asking again and again.',
  },
  NOT_READY: {
    disposition: 'retry',
    doc: 'The control service has not read the ledger for the first time yet, or cannot reach what the answer rests on.',
    next: 'Nothing; ask again in some seconds. /readyz says what is missing.',
  },
  NOTICE_REFUSED: {
    disposition: 'refuse',
    doc: 'A receiver of notices refused a message as such (400, 413, 422); it is not sent to it again. The haul is not touched.',
    next: 'lakehaul notify test shows whether the receiver is of the shape that notify.receivers says.',
  },
  QUEUE_UNAVAILABLE: { disposition: 'retry', doc: 'The queue store does not answer.', next: 'Nothing; it is retried.' },
} as const satisfies Record<string, ErrorCodeEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** The platform is away, whoever asks for whatever: no fault of the chunk that asked. */
export function isOutage(code: string): boolean {
  return code === 'UNREACHABLE' || code === 'UNAVAILABLE';
}

export interface ErrorDetails {
  /** The place: a table, chunk, file, config line … */
  where?: string;
  /** Overrides the table's next step where more is known. */
  next?: string;
  cause?: unknown;
  /** Ask to wait at least this long before the next try. */
  retryAfterMs?: number;
  disposition?: Disposition;
}

/** The one error class. The message carries the values that matter, never a secret or a row's value. */
export class LakehaulError extends Error {
  readonly code: ErrorCode;
  readonly where: string;
  readonly next: string;
  readonly disposition: Disposition;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'LakehaulError';
    this.code = code;
    this.where = details.where ?? '';
    this.next = details.next ?? ERROR_CODES[code].next;
    this.disposition = details.disposition ?? ERROR_CODES[code].disposition;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** Any thrown value as one of ours; what is unknown is retried until attempts run out. */
export function asLakehaulError(thrown: unknown): LakehaulError {
  if (thrown instanceof LakehaulError) return thrown;
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new LakehaulError('INTERNAL', message, { cause: thrown, disposition: 'retry' });
}

/** For what cannot be missing. */
export function must<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new LakehaulError('INTERNAL', `${what} is missing`);
  return value;
}
