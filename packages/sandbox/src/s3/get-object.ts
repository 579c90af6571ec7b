import { createReadStream, openSync, readFileSync } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { header, isAnswerLost, type S3Call, unquoteEtag } from './call.ts';
import { isChecksumHeader } from './checksums.ts';
import type { StoredObject } from './journal.ts';
import { objectHeaders } from './objects.ts';
import { S3Error } from './s3-error.ts';

const SMALL_BYTES = 65_536;
const READ_BYTES = 1 << 20;

/** Inclusive bounds of the bytes asked for; null for all of them. A header that S3 does not understand it ignores. */
export function parseRange(text: string | undefined, sizeBytes: number): { from: number; to: number } | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(text?.trim() ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return null;
  if (match[1] === '') {
    const length = Math.min(Number(match[2]), sizeBytes);
    if (length === 0) throw new S3Error('InvalidRange');
    return { from: sizeBytes - length, to: sizeBytes - 1 };
  }
  const from = Number(match[1]);
  const to = match[2] === '' ? sizeBytes - 1 : Math.min(Number(match[2]), sizeBytes - 1);
  if (match[2] !== '' && Number(match[2]) < from) return null;
  if (from >= sizeBytes) throw new S3Error('InvalidRange');
  return { from, to };
}

function checkReadConditions(call: S3Call, object: StoredObject): void {
  const names = (text: string): boolean =>
    text.split(',').some((one) => one.trim() === '*' || unquoteEtag(one) === object.etag);
  const match = header(call, 'if-match');
  const noneMatch = header(call, 'if-none-match');
  const since = Date.parse(header(call, 'if-modified-since') ?? '');
  const unless = Date.parse(header(call, 'if-unmodified-since') ?? '');
  if (match !== undefined && !names(match)) throw new S3Error('PreconditionFailed', call.key);
  // RFC 9110: an entity tag, where given, decides alone.
  if (match === undefined && object.lastModifiedMs > unless) throw new S3Error('PreconditionFailed', call.key);
  if (noneMatch !== undefined && names(noneMatch)) throw new S3Error('NotModified', call.key);
  if (noneMatch === undefined && object.lastModifiedMs <= since) throw new S3Error('NotModified', call.key);
}

/** A planned fault on a read harms what travels: a byte changed, or the connection cut in the middle. */
function harmStream(call: S3Call): Transform | null {
  const happens = call.hit?.fault.happens;
  if (happens?.kind !== 'truncate' && happens?.kind !== 'corrupt') return null;
  let seen = 0;
  return new Transform({
    transform(bytes: Buffer, _encoding, done) {
      const start = seen;
      seen += bytes.length;
      if (happens.kind === 'corrupt') {
        const at = happens.offset - start;
        if (at >= 0 && at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ 0x01;
        done(null, bytes);
      } else if (seen > happens.bytes) {
        this.push(bytes.subarray(0, happens.bytes - start));
        // After the last piece is out, not with it: the client shall have seen the head and some bytes.
        setTimeout(() => call.request.socket.destroy(), 20);
      } else done(null, bytes);
    },
  });
}

export async function getObject(call: S3Call, withBody: boolean): Promise<void> {
  const object = call.store.stat(call.bucket, call.key);
  if (!object) throw new S3Error('NoSuchKey', call.key);
  checkReadConditions(call, object);
  const range = parseRange(header(call, 'range'), object.sizeBytes);
  const headers = objectHeaders(call, object);
  const length = range ? range.to - range.from + 1 : object.sizeBytes;
  headers['content-length'] = String(length);
  if (range) {
    headers['content-range'] = `bytes ${range.from}-${range.to}/${object.sizeBytes}`;
    // A checksum is of the whole object; a client would hold it against the part.
    for (const name of Object.keys(headers)) if (isChecksumHeader(name)) delete headers[name];
  }
  if (isAnswerLost(call)) {
    call.request.socket.destroy();
    return;
  }
  const path = call.store.filePath(object.file);
  const harmed = harmStream(call);
  if (!withBody || length === 0) {
    call.response.writeHead(range ? 206 : 200, headers).end();
    return;
  }
  // Opened in the same turn as looked up: a delete or overwrite in between must not be seen half.
  if (length <= SMALL_BYTES && object.sizeBytes <= SMALL_BYTES && !harmed) {
    const bytes = readFileSync(path);
    call.response.writeHead(range ? 206 : 200, headers).end(range ? bytes.subarray(range.from, range.to + 1) : bytes);
    return;
  }
  const stream = createReadStream(path, {
    fd: openSync(path, 'r'),
    highWaterMark: READ_BYTES,
    ...(range ? { start: range.from, end: range.to } : {}),
  });
  call.response.writeHead(range ? 206 : 200, headers);
  if (harmed) await pipeline(stream, harmed, call.response);
  else await pipeline(stream, call.response);
}
