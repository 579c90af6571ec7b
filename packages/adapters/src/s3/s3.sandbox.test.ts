import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { Outside } from '@lakehaul/core';
import { createFaults, type FaultPlan, ObjectFiles, type S3Server, startS3 } from '@lakehaul/sandbox';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BucketOptions, S3Deps } from './bucket.ts';
import { openObjectStore } from './object-store.ts';
import { openStage } from './stage.ts';

const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret/with+signs=' };
const outside: Outside = (_point, call) => call(new AbortController().signal);
const deps: S3Deps = {
  outside,
  clock: { nowMs: () => Date.now(), sleep: () => Promise.resolve() },
  ids: { uuid: () => 'u', random: () => 0.5 },
};
let directory: string;
let objects: ObjectFiles;
let faults: FaultPlan;
let server: S3Server;
let options: BucketOptions;
let client: S3Client;
let store: ReturnType<typeof openObjectStore>;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 's3-'));
  objects = await ObjectFiles.open(directory);
  await objects.createBucket('ledger');
  faults = createFaults();
  server = await startS3({ objects, faults, credentials });
  options = { bucket: 'ledger', prefix: 'l', region: 'us-east-1', endpoint: server.url, credentials };
  store = openObjectStore(options, deps);
  client = new S3Client({ region: 'us-east-1', endpoint: server.url, forcePathStyle: true, credentials });
});
afterAll(async () => {
  store.close();
  client.destroy();
  await server.stop();
  await objects.close();
  await rm(directory, { recursive: true, force: true });
});
beforeEach(() => faults.set([]));

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
const text = (body: Uint8Array | undefined) => Buffer.from(body ?? []).toString();

describe('object store', () => {
  it('lets exactly one of fifty racing create-once writes win', async () => {
    const tries = Array.from({ length: 50 }, (_, i) => store.putIfAbsent('race/1.json', `racer ${i}`));
    const created = (await Promise.all(tries)).map((answer) => answer.created);
    expect(created.filter(Boolean)).toHaveLength(1);
    expect(text((await store.get('race/1.json'))?.body)).toBe(`racer ${created.indexOf(true)}`);
  });

  it('gives back what was put, with MD5 as ETag and whole seconds as time', async () => {
    await store.put('plain', 'grüße', { contentType: 'text/plain' });
    const got = await store.get('plain');
    expect(text(got?.body)).toBe('grüße');
    expect(got?.info).toEqual(await store.head('plain'));
    expect(got?.info.etag).toBe(createHash('md5').update('grüße').digest('hex'));
    expect((got?.info.lastModifiedMs ?? 1) % 1_000).toBe(0);
    expect(Math.abs((await store.serverTimeMs()) - Date.now())).toBeLessThan(2_000);
    expect(await store.get('never')).toBeNull();
    expect(await store.head('never')).toBeNull();
  });

  it('lists more than a page in key order, whatever is in the keys', async () => {
    const odd = ['list/z é+%20&<>"\'', 'list/z\u0001', 'list/z 😀', 'list/z￿'];
    const many = Array.from({ length: 2_300 }, (_, i) => `list/${String(i).padStart(5, '0')}`);
    for (const key of [...many, ...odd]) await objects.write('ledger', key, Buffer.from('x'));
    const keys = (await all(store.list('list/'))).map((object) => object.key);
    expect(keys).toEqual([...many, ...odd].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
    const later = await all(store.list('list/', { startAfter: 'list/02297' }));
    expect(later.map((object) => object.key).slice(0, 2)).toEqual(['list/02298', 'list/02299']);
    for (const key of odd) expect(text((await store.get(key))?.body)).toBe('x');
    await store.delete(keys);
    expect(await all(store.list('list/'))).toEqual([]);
  });

  it('raises what a deletion refused for single keys', async () => {
    await store.put('del/1', 'x');
    await store.put('del/2', 'x');
    faults.set([
      { point: 's3.DeleteObjects.key', nth: 0, match: 'del/2', happens: { kind: 'error', code: 'AccessDenied' } },
    ]);
    await expect(store.delete(['del/1', 'del/2'])).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    expect((await all(store.list('del/'))).map((object) => object.key)).toEqual(['del/2']);
  });

  it('says who is to blame: key, secret, bucket, endpoint', async () => {
    const failing = async (change: Partial<BucketOptions>) => {
      const other = openObjectStore({ ...options, ...change }, deps);
      try {
        return await other.put('k', 'x').then(
          () => 'done',
          (error: { code: string }) => error.code,
        );
      } finally {
        other.close();
      }
    };
    expect(await failing({})).toBe('done');
    expect(await failing({ credentials: { ...credentials, secretAccessKey: 'wrong' } })).toBe('CREDENTIALS_REJECTED');
    expect(await failing({ credentials: { ...credentials, accessKeyId: 'AKIAOTHER' } })).toBe('CREDENTIALS_REJECTED');
    expect(await failing({ bucket: 'nobody-has-this' })).toBe('BUCKET_MISSING');
    expect(await failing({ endpoint: 'http://127.0.0.1:9' })).toBe('UNREACHABLE');
  });
});

describe('object store under faults', () => {
  it('answers created: false when the first answer was lost, and the object is our own', async () => {
    faults.set([{ point: 's3.PutObject', nth: 1, match: 'lost/1', happens: { kind: 'answer-lost' } }]);
    expect(await store.putIfAbsent('lost/1', 'nonce-a')).toEqual({ created: false });
    expect(text((await store.get('lost/1'))?.body)).toBe('nonce-a');
    expect(faults.hits).toHaveLength(1);
  });

  it('is throttled, not failed, by SlowDown that stays, and gets over one that passes', async () => {
    const slow = { kind: 'error', code: 'SlowDown', status: 503 } as const;
    faults.set([{ point: 's3.PutObject', nth: 1, happens: slow }]);
    expect(await store.putIfAbsent('slow/1', 'x')).toEqual({ created: true });
    faults.set([{ point: 's3.PutObject', nth: 0, happens: slow }]);
    await expect(store.putIfAbsent('slow/2', 'x')).rejects.toMatchObject({
      code: 'THROTTLED',
      disposition: 'backpressure',
    });
  });

  it('asks again after a 409 race', async () => {
    const conflict = { kind: 'error', code: 'ConditionalRequestConflict', status: 409 } as const;
    faults.set([1, 2].map((nth) => ({ point: 's3.PutObject', nth, happens: conflict })));
    expect(await store.putIfAbsent('conflict/1', 'x')).toEqual({ created: true });
  });

  it('notices a body that breaks off and one that was changed on its way', async () => {
    await store.put('harm/1', randomBytes(300_000));
    faults.set([{ point: 's3.GetObject', nth: 0, happens: { kind: 'truncate', bytes: 1_000 } }]);
    await expect(store.get('harm/1')).rejects.toMatchObject({ code: 'ANSWER_LOST' });
    faults.set([{ point: 's3.GetObject', nth: 0, happens: { kind: 'corrupt', offset: 5 } }]);
    await expect(store.get('harm/1')).rejects.toMatchObject({ code: 'ANSWER_LOST' });
  });

  it('cannot see what was changed at rest: sizes and ETags stay, bytes do not', async () => {
    faults.set([{ point: 's3.PutObject', nth: 1, happens: { kind: 'corrupt', offset: 1 } }]);
    await store.put('rest/1', 'abc');
    expect(text((await objects.read('ledger', 'rest/1')) ?? undefined)).toBe('acc');
    expect((await store.head('rest/1'))?.etag).toBe(createHash('md5').update('abc').digest('hex'));
  });
});

describe('server, by the plain SDK', () => {
  const Bucket = 'ledger';

  it('takes a streamed body in aws-chunked frames exactly, under every checksum', async () => {
    const body = randomBytes(3_000_001);
    const path = join(directory, 'body');
    await writeFile(path, body);
    for (const ChecksumAlgorithm of ['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const) {
      const Key = `stream/${ChecksumAlgorithm}`;
      const put = new PutObjectCommand({
        Bucket,
        Key,
        Body: createReadStream(path),
        ContentLength: body.length,
        ChecksumAlgorithm,
      });
      await client.send(put);
      expect(body.equals((await store.get(Key))?.body ?? Buffer.alloc(0))).toBe(true);
    }
  });

  it('refuses a body that is not what its checksum says', async () => {
    const put = (extra: object) => client.send(new PutObjectCommand({ Bucket, Key: 'bad', Body: 'x', ...extra }));
    await expect(put({ ChecksumCRC32: 'AAAAAA==' })).rejects.toMatchObject({ name: 'BadDigest' });
    await expect(put({ ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==' })).rejects.toMatchObject({ name: 'BadDigest' });
    // Of "123456789", from the catalogue of parametrised CRC algorithms: ae8b14860a799888.
    const crc64 = { Body: '123456789', ChecksumCRC64NVME: 'rosUhgp5mIg=' };
    await put({ ...crc64, Key: 'crc64' });
    await expect(put({ ...crc64, Body: '123456780' })).rejects.toMatchObject({ name: 'BadDigest' });
    expect(await store.head('bad')).toBeNull();
  });

  it('answers ranges, from the front, the middle and the end', async () => {
    const body = randomBytes(200_000);
    await store.put('range', body);
    const get = async (Range: string) => {
      const answer = await client.send(new GetObjectCommand({ Bucket, Key: 'range', Range }));
      return { range: answer.ContentRange, body: Buffer.from((await answer.Body?.transformToByteArray()) ?? []) };
    };
    expect((await get('bytes=0-9')).body).toEqual(body.subarray(0, 10));
    expect((await get('bytes=100000-')).body).toEqual(body.subarray(100_000));
    expect(await get('bytes=-8')).toEqual({ range: 'bytes 199992-199999/200000', body: body.subarray(-8) });
    await expect(get('bytes=200000-')).rejects.toMatchObject({ name: 'InvalidRange' });
  });

  it('keeps the conditions of reads and writes', async () => {
    await store.put('if', 'one');
    const etag = (await store.head('if'))?.etag ?? '';
    const get = (extra: object) => client.send(new GetObjectCommand({ Bucket, Key: 'if', ...extra }));
    await expect(get({ IfMatch: '"other"' })).rejects.toMatchObject({ name: 'PreconditionFailed' });
    await expect(get({ IfNoneMatch: `"${etag}"` })).rejects.toMatchObject({ $metadata: { httpStatusCode: 304 } });
    const put = (IfMatch: string) => client.send(new PutObjectCommand({ Bucket, Key: 'if', Body: 'two', IfMatch }));
    await expect(put('"other"')).rejects.toMatchObject({ name: 'PreconditionFailed' });
    await put(`"${etag}"`);
    expect(text((await store.get('if'))?.body)).toBe('two');
  });

  it('puts parts together, conditionally, and copies', async () => {
    const parts = [randomBytes(5 << 20), randomBytes(1_000)];
    const upload = async (Key: string, IfNoneMatch?: string) => {
      const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      const sent = await Promise.all(
        parts.map(async (Body, i) => {
          const part = new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: i + 1, Body });
          return { PartNumber: i + 1, ETag: (await client.send(part)).ETag };
        }),
      );
      const request = { Bucket, Key, UploadId, MultipartUpload: { Parts: sent } };
      return client.send(
        new CompleteMultipartUploadCommand(IfNoneMatch === undefined ? request : { ...request, IfNoneMatch }),
      );
    };
    expect((await upload('multi')).ETag).toMatch(/^"[0-9a-f]{32}-2"$/);
    await expect(upload('multi', '*')).rejects.toMatchObject({ name: 'PreconditionFailed' });
    await client.send(new CopyObjectCommand({ Bucket, Key: 'multi copy', CopySource: `${Bucket}/multi` }));
    expect(Buffer.concat(parts).equals((await store.get('multi copy'))?.body ?? Buffer.alloc(0))).toBe(true);
  });

  it('groups by delimiter', async () => {
    for (const key of ['tree/a/1', 'tree/a/2', 'tree/b', 'tree/c/1']) await store.put(key, 'x');
    const page = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'tree/', Delimiter: '/' }));
    expect(page.CommonPrefixes?.map((p) => p.Prefix)).toEqual(['tree/a/', 'tree/c/']);
    expect(page.Contents?.map((o) => o.Key)).toEqual(['tree/b']);
    expect(page.KeyCount).toBe(3);
  });
});

describe('stage', () => {
  it('reads a manifest against the listing, and nothing but what fits', async () => {
    const stage = openStage({ ...options, graceHours: 1 }, deps);
    const prefix = 'stage/m/a1-s1/data/';
    expect(await stage.readManifest(prefix)).toBeNull();
    await store.put(`${prefix}0000_part_00.parquet`, 'PAR1PAR1');
    await expect(stage.readManifest(prefix)).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
    const entry = {
      url: stage.url(`${prefix}0000_part_00.parquet`),
      meta: { content_length: 8, record_count: 3 },
    };
    await store.put(`${prefix}manifest`, JSON.stringify({ entries: [entry], meta: entry.meta }));
    expect(await stage.readManifest(prefix)).toMatchObject({
      rowCount: '3',
      sizeBytes: '8',
      files: [{ rowCount: '3' }],
    });
    await store.put(`${prefix}0001_part_00.parquet`, 'extra');
    await expect(stage.readManifest(prefix)).rejects.toThrow(/0001_part_00.parquet is in the bucket but not/);
    stage.close();
  });
});
