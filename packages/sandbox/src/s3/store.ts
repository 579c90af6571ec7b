import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { LakehaulError } from '@lakehaul/core';
import type { LocalObjects } from '../contracts.ts';
import { Journal, putLine, readJournal, rewriteJournal, type StoredObject } from './journal.ts';
import { type ListedObject, type ListPage, ObjectIndex, type PageRequest } from './object-index.ts';

/** Receipts and Delta commits are small: a synchronous call is five times cheaper than a trip through the thread pool. */
const SMALL_BYTES = 65_536;

export type Condition = { kind: 'absent' } | { kind: 'match'; etag: string } | null;
export type CommitOutcome = 'done' | 'precondition-failed' | 'no-such-key';

/** `parquet-1f3` -> `1f3` */
function fileNumber(file: string): string {
  return file.slice(file.lastIndexOf('-') + 1);
}

/**
 * Objects as plain files and an index in memory, journalled. A body is complete in a file of its own before `commit`
 * names it, and commit looks and sets within one turn of the event loop: that is the atomicity and the per-key lock.
 */
export class ObjectFiles implements LocalObjects {
  private readonly index = new ObjectIndex();
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
    return this.index.buckets.has(bucket);
  }

  bucketNames(): string[] {
    return [...this.index.buckets.keys()].sort();
  }

  /** False when it was there already. */
  async createBucket(bucket: string): Promise<boolean> {
    if (this.index.buckets.has(bucket)) return false;
    this.index.addBucket(bucket);
    this.opened().append(['b', bucket]);
    await this.opened().flushed();
    return true;
  }

  // ------------------------------------------------------------ reading

  stat(bucket: string, key: string): StoredObject | null {
    return this.index.buckets.get(bucket)?.objects.get(key) ?? null;
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
    return this.index.list(bucket, prefix);
  }

  /** One page of ListObjectsV2. */
  page(bucket: string, request: PageRequest): ListPage {
    return this.index.page(bucket, request);
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
    this.index.need(bucket);
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
    const at = this.index.need(bucket);
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
    this.index.need(bucket);
    const name = this.newFile(key);
    const { size } = await stat(file);
    await rename(file, this.filePath(name));
    const etag = `${randomBytes(16).toString('hex')}-1`;
    await this.commit(bucket, key, null, { file: name, sizeBytes: size, etag, contentType: null, headers: null });
    return { etag, sizeBytes: size };
  }

  async remove(bucket: string, keys: readonly string[]): Promise<void> {
    const at = this.index.need(bucket);
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
      this.index.apply(line);
      if (line[0] === 'p') this.nextFile = Math.max(this.nextFile, Number.parseInt(fileNumber(line[3]), 16));
    });
    this.index.sortKeys();
    if (isTorn || lines > this.index.size * 1.25 + 1_000) rewriteJournal(path, this.index.lines());
    this.journal = new Journal(path);
    await this.sweep();
  }

  /** Removes bodies that a killed process wrote but never named. */
  private async sweep(): Promise<void> {
    const known = new Set<string>();
    for (const object of this.index.objects()) known.add(object.file);
    const root = join(this.directory, 'objects');
    if (!existsSync(root)) return;
    for (const folder of await readdir(root))
      for (const file of await readdir(join(root, folder)))
        if (!known.has(file)) await unlink(join(root, folder, file));
  }
}
