import { type ErrorCode, type ErrorDetails, LakehaulError } from '@lakehaul/core';
import { redshiftMessage } from '../engine-message.ts';

interface VendorError {
  name?: string;
  message?: string;
  code?: string;
  $metadata?: { httpStatusCode?: number };
}

/** Names of @aws-sdk/client-redshift-data dist-types/models/errors.d.ts and of the AWS front door. */
const BY_NAME: Readonly<Record<string, ErrorCode>> = {
  ActiveStatementsExceededException: 'THROTTLED',
  ActiveSessionsExceededException: 'THROTTLED',
  ActiveWaitingRequestsExceededException: 'THROTTLED',
  // Not modelled: arrives as the base exception with this name.
  ThrottlingException: 'THROTTLED',
  Throttling: 'THROTTLED',
  TooManyRequestsException: 'THROTTLED',
  RequestLimitExceeded: 'THROTTLED',
  ExpiredTokenException: 'CREDENTIALS_REJECTED',
  ExpiredToken: 'CREDENTIALS_REJECTED',
  UnrecognizedClientException: 'CREDENTIALS_REJECTED',
  InvalidSignatureException: 'CREDENTIALS_REJECTED',
  InvalidClientTokenId: 'CREDENTIALS_REJECTED',
  IncompleteSignature: 'CREDENTIALS_REJECTED',
  MissingAuthenticationTokenException: 'CREDENTIALS_REJECTED',
  CredentialsProviderError: 'CREDENTIALS_REJECTED',
  AccessDeniedException: 'PERMISSION_DENIED',
  ResourceNotFoundException: 'SOURCE_RESULT_EXPIRED',
  InternalServerException: 'UNAVAILABLE',
  ExecuteStatementException: 'UNAVAILABLE',
  BatchExecuteStatementException: 'UNAVAILABLE',
  DatabaseConnectionException: 'UNAVAILABLE',
  QueryTimeoutException: 'UNAVAILABLE',
  TimeoutError: 'ANSWER_LOST',
};

/** Before the first group nothing was sent; after the second nobody knows. */
const BY_SOCKET_CODE: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: 'UNREACHABLE',
  ENOTFOUND: 'UNREACHABLE',
  EAI_AGAIN: 'UNREACHABLE',
  EHOSTUNREACH: 'UNREACHABLE',
  ENETUNREACH: 'UNREACHABLE',
  CERT_HAS_EXPIRED: 'UNREACHABLE',
  ECONNRESET: 'ANSWER_LOST',
  EPIPE: 'ANSWER_LOST',
  ETIMEDOUT: 'ANSWER_LOST',
};

/** A ValidationException says what it means in its message only. */
function validationError(message: string, details: ErrorDetails): LakehaulError {
  if (/larger than|too long|query string/i.test(message))
    return new LakehaulError('STATEMENT_TOO_LONG', message, details);
  if (/secret/i.test(message)) return new LakehaulError('CREDENTIALS_REJECTED', message, details);
  if (/endpoint doesn't exist|ClusterIdentifier|WorkgroupName|DbUser|Database/i.test(message))
    return new LakehaulError('CONFIG_INVALID', message, {
      ...details,
      next: 'correct the source section of lakehaul.yaml',
    });
  return new LakehaulError('SOURCE_STATEMENT_FAILED', message, { ...details, disposition: 'quarantine' });
}

/** The only place where errors of the Data API become ours. `where` names the operation and the statement. */
export function translateRedshiftError(thrown: unknown, where: string): unknown {
  if (thrown instanceof LakehaulError) return thrown;
  const error = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as VendorError;
  // An abort is the caller's own doing.
  if (error.name === 'AbortError') return thrown;
  const message = `${where}: ${error.name ?? 'error'}: ${error.message ?? String(thrown)}`;
  const details: ErrorDetails = { cause: thrown, where };
  if (error.name === 'ValidationException') return validationError(message, details);
  const code =
    BY_NAME[error.name ?? ''] ?? BY_SOCKET_CODE[error.code ?? ''] ?? byStatus(error.$metadata?.httpStatusCode);
  // Without a status and a known name the answer broke off somewhere on its way.
  return new LakehaulError(code ?? 'ANSWER_LOST', message, details);
}

function byStatus(status: number | undefined): ErrorCode | null {
  if (status === undefined) return null;
  if (status === 429) return 'THROTTLED';
  if (status === 401 || status === 403) return 'PERMISSION_DENIED';
  if (status >= 500) return 'UNAVAILABLE';
  // A 200 whose body cannot be read: cut on the way.
  return status < 300 ? 'ANSWER_LOST' : 'SOURCE_STATEMENT_FAILED';
}

/** What a FAILED statement of ours means: SQL failures are no exceptions of the API but the text in DescribeStatement. */
export function databaseError(status: 'failed' | 'aborted', message: string, where: string): LakehaulError {
  const text = `${where}: ${redshiftMessage(message)}`;
  if (status === 'aborted') return new LakehaulError('SOURCE_STATEMENT_ABORTED', text, { where });
  if (/permission denied|must be (owner|superuser)|not authorized/i.test(message))
    return new LakehaulError('PERMISSION_DENIED', text, { where });
  if (/password authentication failed|user ".*" does not exist/i.test(message))
    return new LakehaulError('CREDENTIALS_REJECTED', text, { where });
  if (/relation ".*" does not exist|schema ".*" does not exist/i.test(message))
    return new LakehaulError('TABLE_MISSING', text, { where });
  // What `||` does beyond the longest VARCHAR is not documented; this is how the engine refuses any text that does not fit.
  if (/value too long for (type character varying\(65535\)|character type)/i.test(message))
    return new LakehaulError('ROW_TOO_LONG', text, { where });
  // The same statement would be refused the same way for ever.
  if (/syntax error|does not exist|cannot cast|invalid (input|operation)/i.test(message))
    return new LakehaulError('SOURCE_STATEMENT_FAILED', text, { where, disposition: 'quarantine' });
  return new LakehaulError('SOURCE_STATEMENT_FAILED', text, { where });
}
