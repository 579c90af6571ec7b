import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { S3Error } from './s3-error.ts';

export interface S3Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

const MAX_SKEW_MS = 15 * 60_000;

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

export function encodeRfc3986(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function canonicalQuery(query: string): string {
  if (query === '') return '';
  return query
    .split('&')
    .map((pair) => {
      const equals = pair.indexOf('=');
      const name = equals < 0 ? pair : pair.slice(0, equals);
      const value = equals < 0 ? '' : pair.slice(equals + 1);
      return `${encodeRfc3986(decodeURIComponent(name))}=${encodeRfc3986(decodeURIComponent(value))}`;
    })
    .sort()
    .join('&');
}

function parseAmzDate(text: string): number {
  const m = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  return m ? Date.parse(`${m[1]}-${m[2]}-${m[3]}T${m[4]}:${m[5]}:${m[6]}Z`) : Number.NaN;
}

/** Checks Signature Version 4 in the Authorization header, as the SDK makes it. Presigned addresses are not served. */
export function verifySignature(request: IncomingMessage, known: ReadonlyMap<string, string>, nowMs: number): void {
  const authorization = request.headers.authorization ?? '';
  const parts =
    /^AWS4-HMAC-SHA256\s+Credential=([^/,]+)\/(\d{8})\/([^/,]+)\/([^/,]+)\/aws4_request,\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})$/.exec(
      authorization,
    );
  if (!parts) throw new S3Error('AccessDenied');
  const [, accessKeyId = '', day = '', region = '', service = '', signedHeaders = '', signature = ''] = parts;
  const secret = known.get(accessKeyId);
  if (secret === undefined) throw new S3Error('InvalidAccessKeyId');
  const date = String(request.headers['x-amz-date'] ?? '');
  if (!(Math.abs(parseAmzDate(date) - nowMs) <= MAX_SKEW_MS)) throw new S3Error('RequestTimeTooSkewed');

  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  const headers = signedHeaders.split(';').map((name) => {
    const value = request.headers[name];
    return `${name}:${String(Array.isArray(value) ? value.join(',') : (value ?? ''))
      .trim()
      .replace(/ +/g, ' ')}\n`;
  });
  const canonical = [
    request.method,
    mark < 0 ? url : url.slice(0, mark),
    canonicalQuery(mark < 0 ? '' : url.slice(mark + 1)),
    headers.join(''),
    signedHeaders,
    String(request.headers['x-amz-content-sha256'] ?? ''),
  ].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', date, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, day), region), service), 'aws4_request');
  if (hmac(key, text).toString('hex') !== signature) throw new S3Error('SignatureDoesNotMatch');
}
