import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { ServiceError } from './service-error.ts';

/** An HTTP request as far as its signature covers it. */
export interface SignedRequest {
  method: string;
  path: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: Uint8Array;
}

export interface AccessKey {
  accessKeyId: string;
  secretAccessKey: string;
}

const SCHEME =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();

/**
 * Checks Signature Version 4 of a JSON-protocol call (always POST / without a query string). Throws what AWS answers:
 * an unknown key is UnrecognizedClientException, a wrong secret InvalidSignatureException.
 */
export function checkSignature(request: SignedRequest, keys: readonly AccessKey[]): AccessKey {
  const authorization = header(request, 'authorization');
  if (authorization === '')
    throw new ServiceError('MissingAuthenticationTokenException', 'Missing Authentication Token');
  const parts = SCHEME.exec(authorization);
  if (!parts)
    throw new ServiceError(
      'IncompleteSignatureException',
      'Authorization header is not an AWS4-HMAC-SHA256 signature.',
    );
  const [, accessKeyId = '', day = '', region = '', service = '', signedHeaders = '', signature = ''] = parts;
  const key = keys.find((candidate) => candidate.accessKeyId === accessKeyId);
  if (!key)
    throw new ServiceError('UnrecognizedClientException', 'The security token included in the request is invalid.');
  const canonical = [
    request.method,
    request.path,
    '',
    ...signedHeaders.split(';').map((name) => `${name}:${header(request, name).trim().replaceAll(/\s+/g, ' ')}`),
    '',
    signedHeaders,
    sha256(request.body),
  ].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${header(request, 'x-amz-date')}\n${scope}\n${sha256(canonical)}`;
  const signingKey = hmac(hmac(hmac(hmac(`AWS4${key.secretAccessKey}`, day), region), service), 'aws4_request');
  if (!timingSafeEqual(hmac(signingKey, text), Buffer.from(signature, 'hex')))
    throw new ServiceError(
      'InvalidSignatureException',
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    );
  return key;
}

function header(request: SignedRequest, name: string): string {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}
