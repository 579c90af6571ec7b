/**
 * S3 in memory for tests: create-once, LastModified in whole seconds, listing in the order of the keys' UTF-8 bytes.
 * `intercept` sees every call before and after its work, so that a test can fail it, lose its answer or run a rival in
 * between.
 */
import { createHash } from 'node:crypto';
import type { ObjectInfo, ObjectStore } from '@lakehaul/core';

export interface StoreCall {
  operation: 'putIfAbsent' | 'put' | 'get' | 'head' | 'list' | 'delete' | 'serverTimeMs';
  key: string;
  when: 'before' | 'after';
}

export interface MemoryStoreOptions {
  /** S3's clock, not the clients'. */
  nowMs: () => number;
  /** Throwing after the work is a lost answer. */
  intercept?: (call: StoreCall) => void | Promise<void>;
}

interface Entry {
  body: Uint8Array;
  info: ObjectInfo;
}

export class MemoryStore implements ObjectStore {
  intercept: ((call: StoreCall) => void | Promise<void>) | undefined;
  /** Calls by operation, for tests of cost. A list counts once per 1,000 keys, as S3's pages do. */
  readonly calls = new Map<string, number>();
  readonly #nowMs: () => number;
  readonly #entries = new Map<string, Entry>();
  #sortedKeys: string[] | null = [];

  constructor(options: MemoryStoreOptions) {
    this.#nowMs = options.nowMs;
    this.intercept = options.intercept;
  }

  get keys(): readonly string[] {
    return this.#sorted();
  }

  putIfAbsent(key: string, body: Uint8Array | string): Promise<{ created: boolean }> {
    return this.#call('putIfAbsent', key, () => {
      if (this.#entries.has(key)) return { created: false };
      this.#store(key, body);
      return { created: true };
    });
  }

  put(key: string, body: Uint8Array | string): Promise<void> {
    return this.#call('put', key, () => this.#store(key, body));
  }

  get(key: string): Promise<{ body: Uint8Array; info: ObjectInfo } | null> {
    return this.#call('get', key, () => {
      const entry = this.#entries.get(key);
      return entry === undefined ? null : { body: entry.body.slice(), info: { ...entry.info } };
    });
  }

  head(key: string): Promise<ObjectInfo | null> {
    return this.#call('head', key, () => {
      const entry = this.#entries.get(key);
      return entry === undefined ? null : { ...entry.info };
    });
  }

  /** Each page is a snapshot; what is written behind the reader's place is not seen, ahead of it is. */
  async *list(prefix: string, options: { startAfter?: string } = {}): AsyncIterable<ObjectInfo> {
    let after = options.startAfter ?? '';
    for (;;) {
      const page = await this.#call('list', prefix, () => this.#page(prefix, after));
      for (const info of page) yield info;
      if (page.length < PAGE_KEYS) return;
      after = page.at(-1)?.key ?? after;
    }
  }

  delete(keys: readonly string[]): Promise<void> {
    return this.#call('delete', keys[0] ?? '', () => {
      for (const key of keys) this.#entries.delete(key);
      this.#sortedKeys = null;
    });
  }

  serverTimeMs(): Promise<number> {
    return this.#call('serverTimeMs', '', () => this.#nowMs());
  }

  async #call<T>(operation: StoreCall['operation'], key: string, work: () => T): Promise<T> {
    this.calls.set(operation, (this.calls.get(operation) ?? 0) + 1);
    await this.intercept?.({ operation, key, when: 'before' });
    const result = work();
    await this.intercept?.({ operation, key, when: 'after' });
    return result;
  }

  #store(key: string, body: Uint8Array | string): void {
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body.slice();
    const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
    const lastModifiedMs = Math.floor(this.#nowMs() / 1000) * 1000;
    if (!this.#entries.has(key)) this.#sortedKeys = null;
    this.#entries.set(key, { body: bytes, info: { key, sizeBytes: bytes.length, etag, lastModifiedMs } });
  }

  #page(prefix: string, after: string): ObjectInfo[] {
    const keys = this.#sorted();
    const page: ObjectInfo[] = [];
    let place =
      after === '' ? lowerBound(keys, prefix) : lowerBound(keys, byteOrder(after, prefix) < 0 ? prefix : after);
    for (; place < keys.length && page.length < PAGE_KEYS; place++) {
      const key = keys[place] ?? '';
      if (!key.startsWith(prefix)) break;
      const entry = this.#entries.get(key);
      if (key !== after && entry !== undefined) page.push({ ...entry.info });
    }
    return page;
  }

  #sorted(): string[] {
    this.#sortedKeys ??= [...this.#entries.keys()].sort(byteOrder);
    return this.#sortedKeys;
  }
}

const PAGE_KEYS = 1_000;

/** JavaScript compares UTF-16 units, S3 bytes: they differ above U+FFFF. */
function byteOrder(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (byteOrder(keys[middle] ?? '', key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
