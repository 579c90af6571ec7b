import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  type Clock,
  type Ids,
  LakehaulError,
  must,
  type ObjectInfo,
  type Outside,
  type OutsidePoint,
} from '@lakehaul/core';
import { type BucketSettings, readBucketSettings } from './bucket-settings.ts';
import { deletionError, statusOf, translateS3Error } from './errors.ts';

/** The shape of `staging` and `ledger` in lakehaul.yaml. Keys are always whole; the prefix is for who makes them. */
export interface BucketOptions {
  bucket: string;
  prefix: string;
  region: string;
  /** Another endpoint than AWS's own, addressed path-style. */
  endpoint?: string | undefined;
  /** Default: the SDK's chain (environment, profile, role). */
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } | undefined;
}

export interface S3Deps {
  outside: Outside;
  clock: Clock;
  ids: Ids;
}

const DELETE_KEYS = 1_000;
const CONFLICT_TRIES = 8;
const CONFLICT_WAIT_MS = 10;
const SOCKETS = 64;

function createClient(options: BucketOptions): S3Client {
  return new S3Client({
    region: options.region,
    forcePathStyle: options.endpoint !== undefined,
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
    requestHandler: {
      connectionTimeout: 5_000,
      httpAgent: { keepAlive: true, maxSockets: SOCKETS },
      httpsAgent: { keepAlive: true, maxSockets: SOCKETS },
    },
  });
}

/** encoding-type=url keeps control characters in keys readable by any XML parser; the SDK leaves decoding to us. */
function decodeKey(text: string | undefined): string {
  return decodeURIComponent(must(text, 'key in a listing').replaceAll('+', ' '));
}

function infoOf(
  key: string,
  o: { ETag?: string | undefined; Size?: number | undefined; LastModified?: Date | undefined },
): ObjectInfo {
  return {
    key,
    sizeBytes: must(o.Size, `size of ${key}`),
    etag: must(o.ETag, `ETag of ${key}`).replaceAll('"', ''),
    lastModifiedMs: must(o.LastModified, `LastModified of ${key}`).getTime(),
  };
}

/** One bucket through one client; what the ledger's ObjectStore and the Stage share. */
export class Bucket {
  readonly name: string;
  readonly endpoint: string;
  readonly #client: S3Client;
  readonly #deps: S3Deps;

  constructor(options: BucketOptions, deps: S3Deps) {
    this.name = options.bucket;
    this.endpoint = options.endpoint ?? `https://s3.${options.region}.amazonaws.com`;
    this.#client = createClient(options);
    this.#deps = deps;
  }

  url(key: string): string {
    return `s3://${this.name}/${key}`;
  }

  /** False when the key exists already and `onlyIfAbsent` (If-None-Match: *) was asked. */
  async put(
    key: string,
    body: Uint8Array | string,
    options: { contentType?: string | undefined; onlyIfAbsent: boolean },
  ): Promise<boolean> {
    const command = {
      Bucket: this.name,
      Key: key,
      Body: body,
      ...(options.contentType === undefined ? {} : { ContentType: options.contentType }),
      ...(options.onlyIfAbsent ? { IfNoneMatch: '*' } : {}),
    };
    const expected = options.onlyIfAbsent ? [409, 412] : [];
    for (let attempt = 1; attempt <= CONFLICT_TRIES; attempt++) {
      const answer = await this.#call('s3.PutObject', key, expected, (abortSignal) =>
        this.#client.send(new PutObjectCommand(command), { abortSignal }),
      );
      if (!(answer instanceof Expected)) return true;
      if (answer.status === 412) return false;
      // 409 ConditionalRequestConflict: two conditional writes met, and whoever is told so may ask again.
      await this.#deps.clock.sleep(this.#deps.ids.random() * CONFLICT_WAIT_MS * 2 ** attempt);
    }
    throw new LakehaulError('UNAVAILABLE', `conditional write of ${this.url(key)} met others ${CONFLICT_TRIES} times`);
  }

  async get(key: string): Promise<{ body: Uint8Array; info: ObjectInfo } | null> {
    const answer = await this.#call('s3.GetObject', key, [404], async (abortSignal) => {
      const output = await this.#client.send(new GetObjectCommand({ Bucket: this.name, Key: key }), { abortSignal });
      // Inside the call: a body that breaks off is a failure of the call, and is fetched again.
      const body = await must(output.Body, `body of ${key}`).transformToByteArray();
      return { body, info: infoOf(key, { ...output, Size: output.ContentLength }) };
    });
    return answer instanceof Expected ? null : answer;
  }

  async head(key: string): Promise<ObjectInfo | null> {
    const answer = await this.#call('s3.HeadObject', key, [404], (abortSignal) =>
      this.#client.send(new HeadObjectCommand({ Bucket: this.name, Key: key }), { abortSignal }),
    );
    return answer instanceof Expected ? null : infoOf(key, { ...answer, Size: answer.ContentLength });
  }

  /** In key order. The next page is asked for while the last one is read. */
  async *list(prefix: string, startAfter?: string): AsyncGenerator<ObjectInfo, void, void> {
    const page = (token: string | undefined): Promise<ListObjectsV2CommandOutput> => {
      const asked = this.#must('s3.ListObjectsV2', prefix, (abortSignal) =>
        this.#client.send(
          new ListObjectsV2Command({
            Bucket: this.name,
            Prefix: prefix,
            EncodingType: 'url',
            ...(token === undefined ? {} : { ContinuationToken: token }),
            ...(token === undefined && startAfter !== undefined ? { StartAfter: startAfter } : {}),
          }),
          { abortSignal },
        ),
      );
      // A reader that stops early never awaits the page that was asked for ahead.
      asked.catch(() => undefined);
      return asked;
    };
    let next: Promise<ListObjectsV2CommandOutput> | null = page(undefined);
    while (next !== null) {
      const current: ListObjectsV2CommandOutput = await next;
      next = current.IsTruncated ? page(must(current.NextContinuationToken, 'continuation token')) : null;
      for (const object of current.Contents ?? []) yield infoOf(decodeKey(object.Key), object);
    }
  }

  /** Keys that are not there count as deleted, as in S3. */
  async delete(keys: readonly string[]): Promise<void> {
    for (let from = 0; from < keys.length; from += DELETE_KEYS) {
      const batch = keys.slice(from, from + DELETE_KEYS);
      await this.#must('s3.DeleteObjects', batch[0] ?? '', async (abortSignal) => {
        const output = await this.#client.send(
          new DeleteObjectsCommand({
            Bucket: this.name,
            Delete: { Objects: batch.map((Key) => ({ Key })), Quiet: true },
          }),
          { abortSignal },
        );
        // 200 says only that the request was understood.
        const refused = (output.Errors ?? []).map((e) => ({
          key: e.Key ?? '',
          code: e.Code ?? '',
          message: e.Message ?? '',
        }));
        if (refused[0]) throw deletionError(this.name, refused[0].code, refused);
      });
    }
  }

  async serverTimeMs(): Promise<number> {
    let date: string | undefined;
    const command = new HeadBucketCommand({ Bucket: this.name });
    command.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        const { headers } = result.response as { headers?: Record<string, string> };
        date = headers?.['date'];
        return result;
      },
      { step: 'deserialize', name: 'readDateHeader' },
    );
    await this.#must('s3.HeadBucket', '', (abortSignal) => this.#client.send(command, { abortSignal }));
    return Date.parse(must(date, 'Date header of S3'));
  }

  /** A listing, not HEAD: only an answer with a body can say what is wrong. */
  async check(): Promise<{ endpoint: string; bucket: string }> {
    await this.#must('s3.ListObjectsV2', '', (abortSignal) =>
      this.#client.send(new ListObjectsV2Command({ Bucket: this.name, MaxKeys: 1 }), { abortSignal }),
    );
    return { endpoint: this.endpoint, bucket: this.name };
  }

  /** For doctor: asks each on its own, so that one missing permission hides no other answer. */
  settings(): Promise<BucketSettings> {
    return readBucketSettings(this.#client, this.name, this.#deps.outside);
  }

  close(): void {
    this.#client.destroy();
  }

  async #must<T>(point: OutsidePoint, key: string, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const answer = await this.#call(point, key, [], call);
    if (answer instanceof Expected) throw new LakehaulError('INTERNAL', `status ${answer.status} was not expected`);
    return answer;
  }

  /**
   * Every call here may be repeated: conditional writes answer 412 to the second try, and the caller compares nonces.
   * Expected statuses are answers, so that `outside` neither retries nor counts them as failures.
   */
  #call<T>(
    point: OutsidePoint,
    key: string,
    expected: readonly number[],
    call: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | Expected> {
    const attempt = async (signal: AbortSignal): Promise<T | Expected> => {
      try {
        return await call(signal);
      } catch (error) {
        const status = statusOf(error);
        const isMissingBucket = error instanceof Error && error.name === 'NoSuchBucket';
        if (status !== undefined && expected.includes(status) && !isMissingBucket) return new Expected(status);
        throw translateS3Error(error, this.url(key));
      }
    };
    return this.#deps.outside(point, attempt, { isIdempotent: true });
  }
}

class Expected {
  readonly status: number;

  constructor(status: number) {
    this.status = status;
  }
}
