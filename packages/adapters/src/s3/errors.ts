import { type ErrorCode, LakehaulError } from '@lakehaul/core';

/** What the SDK throws carries its facts in these places; see @smithy/types ResponseMetadata. */
interface VendorError {
  name?: string;
  message?: string;
  code?: string;
  $metadata?: { httpStatusCode?: number };
  $response?: unknown;
}

const BY_NAME: Record<string, ErrorCode> = {
  NoSuchBucket: 'BUCKET_MISSING',
  PermanentRedirect: 'BUCKET_MISSING',
  AuthorizationHeaderMalformed: 'BUCKET_MISSING',
  InvalidAccessKeyId: 'CREDENTIALS_REJECTED',
  SignatureDoesNotMatch: 'CREDENTIALS_REJECTED',
  ExpiredToken: 'CREDENTIALS_REJECTED',
  InvalidToken: 'CREDENTIALS_REJECTED',
  TokenRefreshRequired: 'CREDENTIALS_REJECTED',
  RequestTimeTooSkewed: 'CREDENTIALS_REJECTED',
  CredentialsProviderError: 'CREDENTIALS_REJECTED',
  AccessDenied: 'PERMISSION_DENIED',
  SlowDown: 'THROTTLED',
  Throttling: 'THROTTLED',
  ThrottlingException: 'THROTTLED',
  RequestLimitExceeded: 'THROTTLED',
  TooManyRequestsException: 'THROTTLED',
  ConditionalRequestConflict: 'UNAVAILABLE',
  BadDigest: 'UNAVAILABLE',
  IncompleteBody: 'UNAVAILABLE',
  RequestTimeout: 'UNAVAILABLE',
  TimeoutError: 'ANSWER_LOST',
};

/** Before these nothing was sent; after the others nobody knows. */
const BY_SOCKET_CODE: Record<string, ErrorCode> = {
  ECONNREFUSED: 'UNREACHABLE',
  ENOTFOUND: 'UNREACHABLE',
  EAI_AGAIN: 'UNREACHABLE',
  EHOSTUNREACH: 'UNREACHABLE',
  ENETUNREACH: 'UNREACHABLE',
  CERT_HAS_EXPIRED: 'UNREACHABLE',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'UNREACHABLE',
  ECONNRESET: 'ANSWER_LOST',
  EPIPE: 'ANSWER_LOST',
  ETIMEDOUT: 'ANSWER_LOST',
  ERR_STREAM_PREMATURE_CLOSE: 'ANSWER_LOST',
};

function byStatus(status: number | undefined): ErrorCode | null {
  if (status === undefined) return null;
  if (status === 301) return 'BUCKET_MISSING';
  if (status === 401 || status === 403) return 'PERMISSION_DENIED';
  if (status === 429 || status === 503) return 'THROTTLED';
  return status >= 500 ? 'UNAVAILABLE' : null;
}

export function statusOf(thrown: unknown): number | undefined {
  return (thrown as VendorError | null)?.$metadata?.httpStatusCode;
}

function codeOf(error: VendorError): ErrorCode | null {
  // A body cut short keeps the status of its head: 200.
  if (error.message === 'aborted' || /checksum mismatch/i.test(error.message ?? '')) return 'ANSWER_LOST';
  return BY_NAME[error.name ?? ''] ?? BY_SOCKET_CODE[error.code ?? ''] ?? byStatus(error.$metadata?.httpStatusCode);
}

/** The only place where errors of S3 become ours. `where` is `s3://bucket/key`. */
export function translateS3Error(thrown: unknown, where: string): Error {
  if (thrown instanceof LakehaulError) return thrown;
  const error = (thrown ?? {}) as VendorError;
  // Our own signal: who aborted knows why.
  if (error.name === 'AbortError') return thrown as Error;
  const code = codeOf(error);
  const message = `${error.name ?? 'Error'}: ${error.message ?? ''} (${where})`;
  return code === null
    ? new LakehaulError('INTERNAL', message, { where, cause: thrown, disposition: 'retry' })
    : new LakehaulError(code, message, { where, cause: thrown });
}

/** A key that DeleteObjects answered with an error of its own. */
export function deletionError(
  bucket: string,
  code: string,
  refused: { key: string; message: string }[],
): LakehaulError {
  const first = refused[0];
  const where = `s3://${bucket}/${first?.key ?? ''}`;
  return new LakehaulError(
    BY_NAME[code] ?? 'UNAVAILABLE',
    `${refused.length} objects were not deleted; ${where}: ${code}: ${first?.message ?? ''}`,
    { where },
  );
}
