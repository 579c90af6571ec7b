import { type FileHandle, open, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { decodeAwsChunked } from './aws-chunked.ts';
import { CHECKSUM_HEADERS, type Checksum, createChecksum, hashChecksum, isChecksumHeader } from './checksums.ts';
import { S3Error } from './s3-error.ts';

export interface ReceivedBody {
  sizeBytes: number;
  md5Hex: string;
  /** Verified; S3 keeps them and gives them back. */
  checksums: Record<string, string>;
}

interface Promises {
  /** What head or trailer says it must be, by header name. */
  expected: Map<string, string>;
  computed: Map<string, Checksum>;
}

function promisesOf(request: IncomingMessage): Promises {
  const promises: Promises = { expected: new Map(), computed: new Map() };
  const promise = (name: string, checksum: Checksum, value: string | undefined): void => {
    promises.computed.set(name, checksum);
    if (value !== undefined) promises.expected.set(name, value);
  };
  for (const name of CHECKSUM_HEADERS) {
    const value = request.headers[name];
    if (typeof value === 'string') promise(name, createChecksum(name), value);
  }
  const trailer = String(request.headers['x-amz-trailer'] ?? '')
    .toLowerCase()
    .trim();
  if (trailer !== '') {
    if (!isChecksumHeader(trailer)) throw new S3Error('NotImplemented', '', `Trailer ${trailer} is not known.`);
    promise(trailer, createChecksum(trailer), undefined);
  }
  const md5 = request.headers['content-md5'];
  if (typeof md5 === 'string') {
    if (Buffer.from(md5, 'base64').length !== 16) throw new S3Error('InvalidDigest');
    promise('content-md5', hashChecksum('md5'), md5);
  }
  const sha256 = String(request.headers['x-amz-content-sha256'] ?? '');
  if (/^[0-9a-f]{64}$/.test(sha256)) promise('x-amz-content-sha256', hashChecksum('sha256', 'hex'), sha256);
  return promises;
}

/** Compares what was computed with what was promised; a promise that was never made good is a failure too. */
function settle(promises: Promises): Record<string, string> {
  const checksums: Record<string, string> = {};
  for (const [name, checksum] of promises.computed) {
    const value = checksum.digest();
    if (value !== promises.expected.get(name))
      throw new S3Error(name === 'x-amz-content-sha256' ? 'XAmzContentSHA256Mismatch' : 'BadDigest');
    if (isChecksumHeader(name)) checksums[name] = value;
  }
  return checksums;
}

function framed(request: IncomingMessage, promises: Promises): AsyncIterable<Buffer> {
  const isChunked =
    String(request.headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-') ||
    String(request.headers['content-encoding'] ?? '').includes('aws-chunked');
  if (!isChunked) return request;
  return decodeAwsChunked(request, (name, value) => {
    if (promises.computed.has(name)) promises.expected.set(name, value);
  });
}

function declaredSize(request: IncomingMessage): number | null {
  const text = request.headers['x-amz-decoded-content-length'] ?? request.headers['content-length'];
  return text === undefined ? null : Number(text);
}

/** Reads a body through its checks, handing every piece to `take`. */
async function readChecked(
  request: IncomingMessage,
  take: (bytes: Buffer) => Promise<void> | undefined,
): Promise<ReceivedBody> {
  const promises = promisesOf(request);
  // The ETag's MD5 is not computed twice when the client sent one as well.
  const md5 = hashChecksum('md5', 'hex');
  const running = [...promises.computed.values(), md5];
  let sizeBytes = 0;
  for await (const bytes of framed(request, promises)) {
    sizeBytes += bytes.length;
    for (const checksum of running) checksum.update(bytes);
    const written = take(bytes);
    if (written !== undefined) await written;
  }
  const declared = declaredSize(request);
  if (!request.complete || (declared !== null && declared !== sizeBytes)) throw new S3Error('IncompleteBody');
  return { sizeBytes, md5Hex: md5.digest(), checksums: settle(promises) };
}

/** The whole body in memory: request documents only. */
export async function receiveText(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  await readChecked(request, (bytes) => {
    parts.push(bytes);
    return undefined;
  });
  return Buffer.concat(parts).toString('utf8');
}

/** Pieces of 64 KiB come from the socket; a write a megabyte is a tenth of the thread-pool trips. */
const WRITE_BYTES = 1 << 20;

/** Streams the body into a file that nobody knows of yet. Small bodies take one write and no file handle. */
export async function receiveFile(request: IncomingMessage, path: string): Promise<ReceivedBody> {
  let handle: FileHandle | null = null;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  const flush = async (): Promise<void> => {
    handle ??= await open(path, 'w');
    const parts = pending;
    pending = [];
    pendingBytes = 0;
    await handle.writev(parts);
  };
  try {
    const received = await readChecked(request, (bytes) => {
      pending.push(bytes);
      pendingBytes += bytes.length;
      return pendingBytes >= WRITE_BYTES ? flush() : undefined;
    });
    if (handle === null) await writeFile(path, Buffer.concat(pending));
    else if (pending.length > 0) await flush();
    return received;
  } finally {
    await (handle as FileHandle | null)?.close();
  }
}
