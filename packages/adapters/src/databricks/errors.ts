import { type ErrorCode, type ErrorDetails, LakehaulError } from '@lakehaul/core';
import { databricksMessage } from '../engine-message.ts';

/**
 * What the driver throws: OperationStateError {errorCode, response.sqlState}, RetryError, THTTPException {statusCode},
 * AuthenticationError, node-fetch's FetchError {code}, and StatusError, which is no Error at all and drops its SQLSTATE
 * (dist/errors/*.js of @databricks/sql 2.1.0).
 */
interface DriverError {
  name?: string;
  message?: string;
  code?: string | number;
  errorCode?: string;
  statusCode?: number;
  status?: number;
  response?: { sqlState?: string; displayMessage?: string; errorMessage?: string };
  payload?: unknown;
}

/** Error classes, first match; names of docs.databricks error-classes and delta-io/delta concurrency-control. */
const BY_CLASS: readonly [RegExp, ErrorCode, ErrorDetails?][] = [
  [/DELTA_CONCURRENT_|ConcurrentAppend|ConcurrentDelete|ConcurrentTransaction/, 'TARGET_CONFLICT'],
  [
    /DELTA_METADATA_CHANGED|DELTA_PROTOCOL_CHANGED|MetadataChangedException|ProtocolChangedException/,
    'TARGET_CONFLICT',
  ],
  [
    /COPY_INTO_DUPLICATED_FILES|TRANSACTION_CONCURRENT_COPY_INTO|COPY_INTO_ROCKSDB_MAX_RETRY|COPY_INTO_STATE_INTERNAL/,
    'TARGET_CONFLICT',
  ],
  [/COPY_INTO_NON_BLIND_APPEND/, 'TARGET_CONFLICT'],
  [/INSUFFICIENT_PERMISSIONS|PERMISSION_DENIED|UNAUTHORIZED_ACCESS|does not have privilege/i, 'PERMISSION_DENIED'],
  [
    /TABLE_OR_VIEW_NOT_FOUND|SCHEMA_NOT_FOUND|NO_SUCH_CATALOG|CATALOG_NOT_FOUND/,
    'TARGET_STATEMENT_FAILED',
    { disposition: 'quarantine' },
  ],
  // The rows do not belong to the range that is replaced, or the table changed its columns: trying again changes nothing.
  [/DELTA_REPLACE_WHERE_MISMATCH/, 'TARGET_STATEMENT_FAILED', { disposition: 'quarantine' }],
  [
    /SCHEMA_MISMATCH|PARSE_SYNTAX_ERROR|UNRESOLVED_COLUMN|DATATYPE_MISMATCH|DELTA_NOT_NULL_CONSTRAINT_VIOLATED|UNSUPPORTED/,
    'TARGET_STATEMENT_FAILED',
    { disposition: 'quarantine' },
  ],
  // JSON that is no VARIANT: a key twice, or what parse_json does not read. The next try meets the same value.
  [
    /MALFORMED_RECORD_IN_PARSING|VARIANT_DUPLICATE_KEY|VARIANT_SIZE_LIMIT|VARIANT_CONSTRUCTOR_SIZE_LIMIT/,
    'TARGET_STATEMENT_FAILED',
    {
      disposition: 'quarantine',
      next: 'A value of a SUPER column is no VARIANT: move the column as text (super: string), or mend the value at the source.',
    },
  ],
  // A staged file that is gone or broken is mended by another unload only.
  [
    /PATH_NOT_FOUND|FILE_NOT_EXIST|COPY_INTO_SOURCE_SCHEMA_INFERENCE_FAILED|FAILED_READ_FILE|CANNOT_READ_FILE/,
    'STAGE_MISMATCH',
  ],
  // Our own condition in the statement: it waited in the warehouse's queue until it was too late to begin. Nothing was done.
  [
    /LAKEHAUL_STARTED_TOO_LATE/,
    'THROTTLED',
    {
      next: 'Nothing; it is sent again. If it stays, the warehouse queues longer than statements.startWithinMs: lower the load limit or enlarge it.',
    },
  ],
  [/TEMPORARILY_UNAVAILABLE|RESOURCE_EXHAUSTED|QUEUE.*(FULL|LIMIT|MAX)|REQUEST_LIMIT_EXCEEDED|too many/i, 'THROTTLED'],
];

const BY_SOCKET_CODE: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: 'UNREACHABLE',
  ENOTFOUND: 'UNREACHABLE',
  EAI_AGAIN: 'UNREACHABLE',
  EHOSTUNREACH: 'UNREACHABLE',
  ENETUNREACH: 'UNREACHABLE',
  CERT_HAS_EXPIRED: 'UNREACHABLE',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'UNREACHABLE',
  SELF_SIGNED_CERT_IN_CHAIN: 'UNREACHABLE',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'UNREACHABLE',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'UNREACHABLE',
  ERR_TLS_CERT_ALTNAME_INVALID: 'UNREACHABLE',
};

/** The session that a call named is gone, so the call did nothing; another session can repeat it. */
export function isSessionLost(thrown: unknown): boolean {
  const message = (thrown as DriverError | null)?.message ?? '';
  return /session\s*handle|session (\S+ )?(was|is|has been) (closed|expired)/i.test(message);
}

/** The server no longer knows the statement that we wait for: it ended in some way that nobody can tell us. */
const LOST_OPERATION = /operation\s*handle/i;

function byStatus(status: number): ErrorCode {
  if (status === 401) return 'CREDENTIALS_REJECTED';
  if (status === 403) return 'PERMISSION_DENIED';
  if (status === 404) return 'CONFIG_INVALID';
  if (status === 429) return 'THROTTLED';
  // A gateway's 5xx says nothing of what the server behind it did.
  return status >= 500 ? 'ANSWER_LOST' : 'TARGET_STATEMENT_FAILED';
}

/** The only place where errors of the warehouse become ours. `where` names the operation. */
export function translateDatabricksError(thrown: unknown, where: string): LakehaulError {
  if (thrown instanceof LakehaulError) return thrown;
  const error = (typeof thrown === 'object' && thrown !== null ? thrown : { message: String(thrown) }) as DriverError;
  const details: ErrorDetails = { cause: thrown, where };
  const sqlState = error.response?.sqlState;
  const text = error.message ?? error.response?.errorMessage ?? 'no message';
  const shown = databricksMessage(text);
  const message = `${where}: ${shown}${sqlState !== undefined && !shown.includes(sqlState) ? ` (SQLSTATE ${sqlState})` : ''}`;
  const status = error.statusCode ?? error.status;
  if (typeof status === 'number') return new LakehaulError(byStatus(status), message, details);
  const socket = BY_SOCKET_CODE[String(error.code)];
  if (socket !== undefined) return new LakehaulError(socket, message, details);
  if (error.name === 'AuthenticationError') return new LakehaulError('CREDENTIALS_REJECTED', message, details);
  if (error.errorCode === 'CANCELED' || error.errorCode === 'CLOSED' || error.errorCode === 'TIMEOUT')
    return new LakehaulError('TARGET_STATEMENT_FAILED', message, details);
  if (LOST_OPERATION.test(text)) return new LakehaulError('ANSWER_LOST', message, details);
  const isStatement = error.errorCode === 'ERROR' || error.name === 'Status Error' || /SQLSTATE/.test(text);
  for (const [pattern, code, more] of isStatement ? BY_CLASS : [])
    if (pattern.test(text)) return new LakehaulError(code, message, { ...details, ...more });
  if (isStatement) return new LakehaulError('TARGET_STATEMENT_FAILED', message, details);
  // Socket hang-ups, aborted bodies, retries of the driver that ran out: what was sent may have been done.
  return new LakehaulError('ANSWER_LOST', message, details);
}
