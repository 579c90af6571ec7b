import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { LakehaulError } from '@lakehaul/core';
import type { LocalObjects } from '../contracts.ts';
import { Journal, type JournalLine, putLine, readJournal, rewriteJournal, type StoredObject } from './journal.ts';
import { SortedKeys } from './sorted-keys.ts';

/** Receipts and Delta commits are small: a synchronous call is five times cheaper than a trip through the thread pool. */
const SMALL_BYTES = 65_536;

export type Condition = { kind: 'absent' } | { kind: 'match'; etag: string } | null;
export type CommitOutcome = 'done' | 'precondition-failed' | 'no-such-key';

export interface ListedObject extends StoredObject {
  key: string;
}

interface Bucket {
  objects: Map<string, StoredObject>;
  keys: SortedKeys;
}

export interface ListPage {
  objects: ListedObject[];
  commonPrefixes: string[];
  /** Continue after this text; null at the end. */
  next: { text: string; seek: 'after' | 'after-prefix' } | null;
}

/** `parquet-1f3` -> `1f3` */
function fileNumber(file: string): string {
  return file.slice(file.lastIndexOf('-') + 1);
}

/**
 * Objects as plain files and an index in memory, journalled. A body is complete in a file of its own before `commit`
 * names it, and commit looks and sets within one turn of the event loop: that is the atomicity and the per-key lock.
 */
export class ObjectFiles implements LocalObjects {
  private readonly buckets = new Map<string, Bucket>();
  private nextFile = 0;
  private scratchCount = 0;
  private readonly directory: string;
  private readonly nowMs: () => number;
  private journal: Journal | undefined;

  private constructor(directory: string, nowMs: () => number) {
    this.directory = directory;
    this.nowMs = nowMs;
  }

  static async open(directory: string, options: { nowMs?: () => number } = {}): Promise<ObjectFiles> {
    const store = new ObjectFiles(join(directory, 's3'), options.nowMs ?? Date.now);
    await store.load();
    return store;
  }

  // ------------------------------------------------------------ buckets

  bucketExists(bucket: string): boolean {
    return this.buckets.has(bucket);
  }

  bucketNames(): string[] {
    return [...this.buckets.keys()].sort();
  }

  /** False when it was there already. */
  async createBucket(bucket: string): Promise<boolean> {
    if (this.buckets.has(bucket)) return false;
    this.buckets.set(bucket, { objects: new Map(), keys: new SortedKeys() });
    this.opened().append(['b', bucket]);
    await this.opened().flushed();
    return true;
  }

  // ------------------------------------------------------------ reading

  stat(bucket: string, key: string): StoredObject | null {
    return this.buckets.get(bucket)?.objects.get(key) ?? null;
  }

  pathOf(bucket: string, key: string): string | null {
    const object = this.stat(bucket, key);
    return object === null ? null : this.filePath(object.file);
  }

  filePath(file: string): string {
    return join(this.directory, 'objects', fileNumber(file).slice(-2).padStart(2, '0'), file);
  }

  async read(bucket: string, key: string): Promise<Uint8Array | null> {
    const object = this.stat(bucket, key);
    if (object === null) return null;
    const path = this.filePath(object.file);
    return object.sizeBytes <= SMALL_BYTES ? readFileSync(path) : readFile(path);
  }

  list(bucket: string, prefix: string): ListedObject[] {
    const found: ListedObject[] = [];
    const at = this.need(bucket);
    for (const key of at.keys.from(prefix, 'at')) {
      if (!key.startsWith(prefix)) break;
      const object = at.objects.get(key);
      if (object) found.push({ key, ...object });
    }
    return found;
  }

  /** One page of ListObjectsV2; keys and common prefixes count alike towards the limit. */
  page(
    bucket: string,
    request: {
      prefix: string;
      delimiter: string;
      from: { text: string; seek: 'after' | 'after-prefix' } | null;
      limit: number;
    },
  ): ListPage {
    const { prefix, delimiter, limit } = request;
    const at = this.need(bucket);
    const page: ListPage = { objects: [], commonPrefixes: [], next: null };
    // A start before the prefix would walk over everything in between.
    const isBehind = request.from !== null && Buffer.compare(Buffer.from(request.from.text), Buffer.from(prefix)) >= 0;
    let cursor =
      isBehind && request.from ? at.keys.from(request.from.text, request.from.seek) : at.keys.from(prefix, 'at');
    let last: ListPage['next'] = null;
    for (let step = cursor.next(); !step.done; step = cursor.next()) {
      const key = step.value;
      if (!key.startsWith(prefix)) break;
      if (page.objects.length + page.commonPrefixes.length >= limit) {
        page.next = last;
        break;
      }
      const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
      if (end >= 0) {
        const common = key.slice(0, end + delimiter.length);
        page.commonPrefixes.push(common);
        last = { text: common, seek: 'after-prefix' };
        cursor = at.keys.from(common, 'after-prefix');
      } else {
        const object = at.objects.get(key);
        if (object) page.objects.push({ key, ...object });
        last = { text: key, seek: 'after' };
      }
    }
    return page;
  }

  // ------------------------------------------------------------ writing

  async write(bucket: string, key: string, body: Uint8Array): Promise<void> {
    await this.put({ bucket, key, body, condition: null });
  }

  async writeIfAbsent(bucket: string, key: string, body: Uint8Array): Promise<boolean> {
    return (await this.put({ bucket, key, body, condition: { kind: 'absent' } })) === 'done';
  }

  async put(request: {
    bucket: string;
    key: string;
    body: Uint8Array;
    condition: Condition;
    etag?: string;
    contentType?: string | null;
    headers?: Record<string, string> | null;
  }): Promise<CommitOutcome> {
    const { bucket, key, body, condition } = request;
    this.need(bucket);
    // Looking first spares the file; the answer that counts is commit's.
    const early = this.judge(bucket, key, condition);
    if (early !== 'done') return this.afterFlush(early);
    const file = this.newFile(key);
    if (body.byteLength <= SMALL_BYTES) writeFileSync(this.filePath(file), body);
    else await writeFile(this.filePath(file), body);
    return this.commit(bucket, key, condition, {
      file,
      sizeBytes: body.byteLength,
      etag: request.etag ?? createHash('md5').update(body).digest('hex'),
      contentType: request.contentType ?? null,
      headers: request.headers ?? null,
    });
  }

  /** A name for a body that is written by the caller to `filePath(name)` and then committed or discarded. */
  newFile(key: string): string {
    // The ending is kept because DuckDB goes by it.
    const ending = extname(key);
    this.nextFile += 1;
    return `${/^\.[A-Za-z0-9]{1,12}$/.test(ending) ? `${ending.slice(1)}-` : ''}${this.nextFile.toString(16)}`;
  }

  async discard(file: string): Promise<void> {
    await rm(this.filePath(file), { force: true });
  }

  /** Gives a finished file its key, if the condition holds now. */
  async commit(
    bucket: string,
    key: string,
    condition: Condition,
    object: Omit<StoredObject, 'lastModifiedMs'>,
  ): Promise<CommitOutcome> {
    const at = this.need(bucket);
    const outcome = this.judge(bucket, key, condition);
    if (outcome !== 'done') {
      await this.discard(object.file);
      return this.afterFlush(outcome);
    }
    const before = at.objects.get(key);
    const stored = { ...object, lastModifiedMs: Math.floor(this.nowMs() / 1_000) * 1_000 };
    at.objects.set(key, stored);
    if (!before) at.keys.add(key);
    this.opened().append(putLine(bucket, key, stored));
    await this.opened().flushed();
    if (before) await this.discard(before.file);
    return 'done';
  }

  async adopt(bucket: string, key: string, file: string): Promise<{ etag: string; sizeBytes: number }> {
    this.need(bucket);
    const name = this.newFile(key);
    const { size } = await stat(file);
    await rename(file, this.filePath(name));
    const etag = `${randomBytes(16).toString('hex')}-1`;
    await this.commit(bucket, key, null, { file: name, sizeBytes: size, etag, contentType: null, headers: null });
    return { etag, sizeBytes: size };
  }

  async remove(bucket: string, keys: readonly string[]): Promise<void> {
    const at = this.need(bucket);
    const files: string[] = [];
    for (const key of keys) {
      const object = at.objects.get(key);
      if (!object) continue;
      files.push(object.file);
      at.objects.delete(key);
      at.keys.delete(key);
      this.opened().append(['d', bucket, key]);
    }
    await this.opened().flushed();
    await Promise.all(files.map((file) => this.discard(file)));
  }

  scratchPath(suffix: string): string {
    this.scratchCount += 1;
    return join(this.directory, 'scratch', `${this.scratchCount}${suffix}`);
  }

  async close(): Promise<void> {
    await this.journal?.close();
    this.journal = undefined;
  }

  // ------------------------------------------------------------ inside

  private opened(): Journal {
    if (!this.journal) throw new LakehaulError('UNAVAILABLE', 'the sandbox object store is closed');
    return this.journal;
  }

  private need(bucket: string): Bucket {
    const found = this.buckets.get(bucket);
    if (!found) throw new LakehaulError('BUCKET_MISSING', `bucket ${bucket} does not exist`);
    return found;
  }

  private judge(bucket: string, key: string, condition: Condition): CommitOutcome {
    if (condition === null) return 'done';
    const object = this.stat(bucket, key);
    if (condition.kind === 'absent') return object === null ? 'done' : 'precondition-failed';
    if (object === null) return 'no-such-key';
    return object.etag === condition.etag ? 'done' : 'precondition-failed';
  }

  /** "It exists already" may be said only of what survives a kill. */
  private async afterFlush(outcome: CommitOutcome): Promise<CommitOutcome> {
    await this.opened().flushed();
    return outcome;
  }

  private async load(): Promise<void> {
    const scratch = join(this.directory, 'scratch');
    await rm(scratch, { recursive: true, force: true });
    await mkdir(scratch, { recursive: true });
    for (let i = 0; i < 256; i++)
      await mkdir(join(this.directory, 'objects', i.toString(16).padStart(2, '0')), { recursive: true });
    const path = join(this.directory, 'index.log');
    let lines = 0;
    const { isTorn } = await readJournal(path, (line) => {
      lines += 1;
      this.apply(line);
    });
    let alive = this.buckets.size;
    for (const bucket of this.buckets.values()) {
      bucket.keys = SortedKeys.from(bucket.objects.keys());
      alive += bucket.objects.size;
    }
    if (isTorn || lines > alive * 1.25 + 1_000) rewriteJournal(path, this.lines());
    this.journal = new Journal(path);
    await this.sweep();
  }

  private apply(line: JournalLine): void {
    const [kind, bucketName] = line;
    if (kind === 'b') {
      this.buckets.set(bucketName, { objects: new Map(), keys: new SortedKeys() });
      return;
    }
    const objects = this.need(bucketName).objects;
    if (kind === 'd') {
      objects.delete(line[2]);
      return;
    }
    const [, , key, file, sizeBytes, etag, lastModifiedMs, contentType, headers] = line;
    objects.set(key, { file, sizeBytes, etag, lastModifiedMs, contentType, headers });
    this.nextFile = Math.max(this.nextFile, Number.parseInt(fileNumber(file), 16));
  }

  private *lines(): Generator<JournalLine> {
    for (const [name, bucket] of this.buckets) {
      yield ['b', name];
      for (const [key, object] of bucket.objects) yield putLine(name, key, object);
    }
  }

  /** Removes bodies that a killed process wrote but never named. */
  private async sweep(): Promise<void> {
    const known = new Set<string>();
    for (const bucket of this.buckets.values()) for (const object of bucket.objects.values()) known.add(object.file);
    const root = join(this.directory, 'objects');
    if (!existsSync(root)) return;
    for (const folder of await readdir(root))
      for (const file of await readdir(join(root, folder)))
        if (!known.has(file)) await unlink(join(root, folder, file));
  }
}
