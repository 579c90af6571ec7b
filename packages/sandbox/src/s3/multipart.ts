import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { header, type S3Call, sendEmpty, sendXml, unquoteEtag, writeCondition } from './call.ts';
import { keptHeaders, requireDone, requireKey } from './objects.ts';
import { receiveFile, receiveText } from './receive-body.ts';
import { S3Error } from './s3-error.ts';
import { element, innerTexts, unescapeXml } from './xml.ts';

const MIN_PART_BYTES = 5 * 1024 * 1024;
const MAX_PART_NUMBER = 10_000;

interface Part {
  path: string;
  etag: string;
  sizeBytes: number;
  lastModifiedMs: number;
}

interface Upload {
  bucket: string;
  key: string;
  contentType: string | null;
  headers: Record<string, string> | null;
  initiatedMs: number;
  parts: Map<number, Part>;
}

/** Uploads under way live in memory: a restart forgets them, as a lifecycle rule would, and clients begin again. */
export class MultipartUploads {
  private readonly uploads = new Map<string, Upload>();

  create(call: S3Call): void {
    requireKey(call);
    const id = randomUUID();
    this.uploads.set(id, {
      bucket: call.bucket,
      key: call.key,
      contentType: header(call, 'content-type') ?? null,
      headers: keptHeaders(call, {}),
      initiatedMs: call.nowMs,
      parts: new Map(),
    });
    sendXml(
      call,
      'InitiateMultipartUploadResult',
      element('Bucket', call.bucket) + element('Key', call.key) + element('UploadId', id),
    );
  }

  async uploadPart(call: S3Call): Promise<void> {
    const upload = this.need(call);
    const number = Number(call.query.get('partNumber'));
    if (!Number.isInteger(number) || number < 1 || number > MAX_PART_NUMBER) throw new S3Error('InvalidArgument');
    if (header(call, 'x-amz-copy-source') !== undefined) throw new S3Error('NotImplemented');
    const path = call.store.scratchPath('.part');
    try {
      const { md5Hex, sizeBytes, checksums } = await receiveFile(call.request, path);
      const before = upload.parts.get(number);
      upload.parts.set(number, { path, etag: md5Hex, sizeBytes, lastModifiedMs: call.nowMs });
      if (before) await rm(before.path, { force: true });
      sendEmpty(call, 200, { etag: `"${md5Hex}"`, ...checksums });
    } catch (error) {
      if (upload.parts.get(number)?.path !== path) await rm(path, { force: true });
      throw error;
    }
  }

  async complete(call: S3Call): Promise<void> {
    const upload = this.need(call);
    const parts = chosenParts(upload, await receiveText(call.request));
    const file = call.store.newFile(call.key);
    const out = createWriteStream(call.store.filePath(file));
    for (const part of parts)
      await pipeline(createReadStream(part.path, { highWaterMark: 1 << 20 }), out, { end: false });
    await new Promise<void>((resolve, reject) => {
      out.once('error', reject);
      out.end(resolve);
    });
    // S3's ETag of a multipart object: MD5 over the parts' MD5s, and their number.
    const md5 = createHash('md5');
    for (const part of parts) md5.update(Buffer.from(part.etag, 'hex'));
    const etag = `${md5.digest('hex')}-${parts.length}`;
    const outcome = await call.store.commit(call.bucket, call.key, writeCondition(call), {
      file,
      sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0),
      etag,
      contentType: upload.contentType,
      headers: upload.headers,
    });
    requireDone(outcome, call.key);
    await this.forget(call);
    sendXml(
      call,
      'CompleteMultipartUploadResult',
      element('Bucket', call.bucket) + element('Key', call.key) + element('ETag', `"${etag}"`),
    );
  }

  async abort(call: S3Call): Promise<void> {
    this.need(call);
    await this.forget(call);
    sendEmpty(call, 204);
  }

  listParts(call: S3Call): void {
    const upload = this.need(call);
    const parts = [...upload.parts]
      .sort(([a], [b]) => a - b)
      .map(
        ([number, part]) =>
          `<Part>${element('PartNumber', number)}${element('LastModified', new Date(part.lastModifiedMs).toISOString())}` +
          `${element('ETag', `"${part.etag}"`)}${element('Size', part.sizeBytes)}</Part>`,
      );
    sendXml(
      call,
      'ListPartsResult',
      `${element('Bucket', call.bucket)}${element('Key', call.key)}` +
        `${element('UploadId', call.query.get('uploadId') ?? '')}${element('IsTruncated', false)}${parts.join('')}`,
    );
  }

  listUploads(call: S3Call): void {
    const prefix = call.query.get('prefix') ?? '';
    const found = [...this.uploads]
      .filter(([, upload]) => upload.bucket === call.bucket && upload.key.startsWith(prefix))
      .map(
        ([id, upload]) =>
          `<Upload>${element('Key', upload.key)}${element('UploadId', id)}` +
          `${element('Initiated', new Date(upload.initiatedMs).toISOString())}</Upload>`,
      );
    sendXml(
      call,
      'ListMultipartUploadsResult',
      `${element('Bucket', call.bucket)}${element('IsTruncated', false)}${found.join('')}`,
    );
  }

  private need(call: S3Call): Upload {
    const upload = this.uploads.get(call.query.get('uploadId') ?? '');
    if (!upload || upload.bucket !== call.bucket || upload.key !== call.key)
      throw new S3Error('NoSuchUpload', call.key);
    return upload;
  }

  private async forget(call: S3Call): Promise<void> {
    const id = call.query.get('uploadId') ?? '';
    const upload = this.uploads.get(id);
    this.uploads.delete(id);
    for (const part of upload?.parts.values() ?? []) await rm(part.path, { force: true });
  }
}

function chosenParts(upload: Upload, xml: string): Part[] {
  const wanted = innerTexts(xml, 'Part').map((inner) => ({
    number: Number(innerTexts(inner, 'PartNumber')[0]),
    etag: unquoteEtag(unescapeXml(innerTexts(inner, 'ETag')[0] ?? '')),
  }));
  if (wanted.length === 0) throw new S3Error('MalformedXML');
  return wanted.map(({ number, etag }, i) => {
    if (i > 0 && number <= (wanted[i - 1]?.number ?? 0)) throw new S3Error('InvalidPartOrder');
    const part = upload.parts.get(number);
    if (!part || part.etag !== etag) throw new S3Error('InvalidPart');
    if (i < wanted.length - 1 && part.sizeBytes < MIN_PART_BYTES) throw new S3Error('EntityTooSmall');
    return part;
  });
}
