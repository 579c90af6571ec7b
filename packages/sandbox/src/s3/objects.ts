import { copyFile, open, truncate } from 'node:fs/promises';
import { header, type S3Call, sendEmpty, sendXml, unquoteEtag, writeCondition } from './call.ts';
import { isChecksumHeader } from './checksums.ts';
import type { StoredObject } from './journal.ts';
import { receiveFile, receiveText } from './receive-body.ts';
import { S3Error, type S3ErrorCode } from './s3-error.ts';
import type { CommitOutcome } from './store.ts';
import { element, innerTexts, unescapeXml } from './xml.ts';

const MAX_KEY_BYTES = 1_024;
const MAX_DELETE_KEYS = 1_000;
const KEPT_HEADERS = ['cache-control', 'content-disposition', 'content-language', 'expires'];

export function requireKey(call: S3Call): void {
  if (Buffer.byteLength(call.key) > MAX_KEY_BYTES) throw new S3Error('KeyTooLongError', call.key);
}

/** Headers of a write that a read gives back. */
export function keptHeaders(call: S3Call, checksums: Record<string, string>): Record<string, string> | null {
  const kept: Record<string, string> = { ...checksums };
  for (const [name, value] of Object.entries(call.request.headers))
    if (typeof value === 'string' && (name.startsWith('x-amz-meta-') || KEPT_HEADERS.includes(name)))
      kept[name] = value;
  // aws-chunked is how the body travelled, not what it is.
  const encoding = (header(call, 'content-encoding') ?? '').split(',').map((part) => part.trim());
  const own = encoding.filter((part) => part !== '' && part !== 'aws-chunked').join(',');
  if (own !== '') kept['content-encoding'] = own;
  return Object.keys(kept).length === 0 ? null : kept;
}

export function requireDone(outcome: CommitOutcome, resource: string): void {
  if (outcome === 'done') return;
  const code: S3ErrorCode = outcome === 'no-such-key' ? 'NoSuchKey' : 'PreconditionFailed';
  throw new S3Error(code, resource);
}

/** A planned fault on a write harms what is at rest: the client is told that all is well. */
async function harm(call: S3Call, path: string, sizeBytes: number): Promise<number> {
  const happens = call.hit?.fault.happens;
  if (happens?.kind === 'truncate') {
    const left = Math.min(happens.bytes, sizeBytes);
    await truncate(path, left);
    return left;
  }
  if (happens?.kind === 'corrupt' && happens.offset < sizeBytes) {
    const file = await open(path, 'r+');
    try {
      const byte = Buffer.alloc(1);
      await file.read(byte, 0, 1, happens.offset);
      await file.write(Buffer.from([(byte[0] ?? 0) ^ 0x01]), 0, 1, happens.offset);
    } finally {
      await file.close();
    }
  }
  return sizeBytes;
}

export async function putObject(call: S3Call): Promise<void> {
  requireKey(call);
  const condition = writeCondition(call);
  const file = call.store.newFile(call.key);
  const path = call.store.filePath(file);
  try {
    const received = await receiveFile(call.request, path);
    const sizeBytes = await harm(call, path, received.sizeBytes);
    const outcome = await call.store.commit(call.bucket, call.key, condition, {
      file,
      sizeBytes,
      etag: received.md5Hex,
      contentType: header(call, 'content-type') ?? null,
      headers: keptHeaders(call, received.checksums),
    });
    requireDone(outcome, call.key);
    sendEmpty(call, 200, { etag: `"${received.md5Hex}"`, ...received.checksums });
  } catch (error) {
    // Once committed the name belongs to the index; discarding here would lose an object.
    if (call.store.stat(call.bucket, call.key)?.file !== file) await call.store.discard(file);
    throw error;
  }
}

export async function copyObject(call: S3Call): Promise<void> {
  requireKey(call);
  const source = decodeURIComponent(header(call, 'x-amz-copy-source') ?? '').replace(/^\//, '');
  const slash = source.indexOf('/');
  const bucket = source.slice(0, slash);
  const key = source.slice(slash + 1);
  if (slash < 1 || key.includes('?versionId=')) throw new S3Error('InvalidArgument', source);
  if (!call.store.bucketExists(bucket)) throw new S3Error('NoSuchBucket', bucket);
  const from = call.store.stat(bucket, key);
  if (!from) throw new S3Error('NoSuchKey', key);
  const wanted = header(call, 'x-amz-copy-source-if-match');
  if (wanted !== undefined && unquoteEtag(wanted) !== from.etag) throw new S3Error('PreconditionFailed', key);
  const isReplaced = header(call, 'x-amz-metadata-directive') === 'REPLACE';
  const file = call.store.newFile(call.key);
  await copyFile(call.store.filePath(from.file), call.store.filePath(file));
  const outcome = await call.store.commit(call.bucket, call.key, writeCondition(call), {
    file,
    sizeBytes: from.sizeBytes,
    etag: from.etag,
    contentType: isReplaced ? (header(call, 'content-type') ?? null) : from.contentType,
    headers: isReplaced ? keptHeaders(call, {}) : from.headers,
  });
  requireDone(outcome, call.key);
  const stored = call.store.stat(call.bucket, call.key) ?? from;
  sendXml(
    call,
    'CopyObjectResult',
    element('LastModified', new Date(stored.lastModifiedMs).toISOString()) + element('ETag', `"${stored.etag}"`),
  );
}

export async function deleteObject(call: S3Call): Promise<void> {
  const object = call.store.stat(call.bucket, call.key);
  const match = header(call, 'if-match');
  if (match !== undefined && object && match !== '*' && unquoteEtag(match) !== object.etag)
    throw new S3Error('PreconditionFailed', call.key);
  await call.store.remove(call.bucket, [call.key]);
  sendEmpty(call, 204);
}

/** `refuse` says per key what a planned fault answers, or null. */
export async function deleteObjects(
  call: S3Call,
  refuse: (key: string) => Promise<{ code: string; message: string } | null>,
): Promise<void> {
  const xml = await receiveText(call.request);
  if (header(call, 'content-md5') === undefined && !Object.keys(call.request.headers).some(isChecksumHeader))
    throw new S3Error('InvalidArgument', call.bucket, 'Missing required header for this request: Content-MD5');
  const keys = innerTexts(xml, 'Object').map((inner) => unescapeXml(innerTexts(inner, 'Key')[0] ?? ''));
  if (keys.length === 0 || keys.length > MAX_DELETE_KEYS || keys.includes('')) throw new S3Error('MalformedXML');
  const isQuiet = innerTexts(xml, 'Quiet')[0] === 'true';
  let answer = '';
  const removed: string[] = [];
  for (const key of keys) {
    const refusal = await refuse(key);
    if (refusal === null) {
      removed.push(key);
      if (!isQuiet) answer += `<Deleted>${element('Key', key)}</Deleted>`;
    } else {
      answer += `<Error>${element('Key', key)}${element('Code', refusal.code)}${element('Message', refusal.message)}</Error>`;
    }
  }
  await call.store.remove(call.bucket, removed);
  sendXml(call, 'DeleteResult', answer);
}

export function objectHeaders(call: S3Call, object: StoredObject): Record<string, string> {
  const isWanted = header(call, 'x-amz-checksum-mode')?.toUpperCase() === 'ENABLED';
  const headers: Record<string, string> = {
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.lastModifiedMs).toUTCString(),
    'accept-ranges': 'bytes',
    'content-type': object.contentType ?? 'binary/octet-stream',
  };
  for (const [name, value] of Object.entries(object.headers ?? {}))
    if (isWanted || !isChecksumHeader(name)) headers[name] = value;
  return headers;
}
