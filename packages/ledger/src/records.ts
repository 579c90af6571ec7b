/** Everything in the ledger that belongs to no single chunk: seals, prepared tables, settings, approvals. */
import { must } from '@lakehaul/core';
import type { z } from 'zod';
import { createOnce, type LedgerContext } from './create-once.ts';
import { conflict, envelope, parseAs, parseJson, SCHEMA_VERSION } from './schemas.ts';

export interface LedgerRecord<T = unknown> {
  schemaVersion: 1;
  migration: string;
  nonce: string;
  at: string;
  by: { service: string; instance: string; version: string };
  causedBy: string | null;
  body: T;
  key: string;
  lastModifiedMs: number;
}

export interface RecordResult<T> {
  record: LedgerRecord<T>;
  isMine: boolean;
}

const READ_AT_ONCE = 16;

export class RecordStore {
  readonly #context: LedgerContext;
  /** Highest number seen of each series. Records are never removed, so a list may start there. */
  readonly #numbers = new Map<string, number>();

  constructor(context: LedgerContext) {
    this.#context = context;
  }

  /** One record under one name; the first one stays. */
  write<T>(path: string, body: T, causedBy: string | null = null): Promise<RecordResult<T>> {
    return this.#create(`${this.#context.keys.record(path)}.json`, body, causedBy);
  }

  /** The next one of a numbered series. */
  async append<T>(path: string, body: T, causedBy: string | null = null): Promise<RecordResult<T>> {
    const prefix = `${this.#context.keys.record(path)}/`;
    for (let number = (await this.#lastNumber(prefix)) + 1; ; number++) {
      const result = await this.#create(keyOf(prefix, number), body, causedBy);
      if (result.isMine) return result;
    }
  }

  async read<T>(path: string, schema?: z.ZodType<T>): Promise<LedgerRecord<T> | null> {
    return this.#readKey(`${this.#context.keys.record(path)}.json`, schema);
  }

  /** Paths and S3 times of all under the path, their bodies unread. */
  async list(path: string): Promise<{ path: string; lastModifiedMs: number }[]> {
    const root = this.#context.keys.record('x').slice(0, -1);
    const found: { path: string; lastModifiedMs: number }[] = [];
    for await (const { key, lastModifiedMs } of this.#context.store.list(`${this.#context.keys.record(path)}/`))
      found.push({ path: key.slice(root.length).replace(/\.json$/, ''), lastModifiedMs });
    return found;
  }

  /** All under the path, in key order: of a numbered series the last one is the one that counts. */
  async readAll<T>(path: string, schema?: z.ZodType<T>): Promise<LedgerRecord<T>[]> {
    const records: LedgerRecord<T>[] = [];
    for await (const info of this.#context.store.list(`${this.#context.keys.record(path)}/`))
      records.push(must(await this.#readKey<T>(info.key, schema), info.key));
    return records;
  }

  /** The same for who asks again and again: one LIST, and a GET for what is not among the known ones yet. */
  async readNew<T>(
    path: string,
    known: Map<string, LedgerRecord<T>>,
    schema?: z.ZodType<T>,
  ): Promise<LedgerRecord<T>[]> {
    const paths = (await this.list(path)).map((each) => each.path);
    const fresh = paths.filter((each) => !known.has(each));
    const read = await this.readEach(fresh, schema);
    for (const [index, record] of read.entries()) known.set(fresh[index] ?? '', record);
    return paths.flatMap((each) => known.get(each) ?? []);
  }

  async latest<T>(path: string, schema?: z.ZodType<T>): Promise<LedgerRecord<T> | null> {
    const prefix = `${this.#context.keys.record(path)}/`;
    const last = await this.#lastNumber(prefix);
    return last === 0 ? null : this.#readKey(keyOf(prefix, last), schema);
  }

  /** The last `count` of a numbered series, oldest first. */
  async tail<T>(path: string, count: number, schema?: z.ZodType<T>): Promise<LedgerRecord<T>[]> {
    const prefix = `${this.#context.keys.record(path)}/`;
    const last = await this.#lastNumber(prefix);
    return this.#numbered(prefix, Math.max(1, last - count + 1), last, schema);
  }

  /** Those of a numbered series after a number, oldest first: what a reader does not know yet. */
  async since<T>(path: string, after: number, schema?: z.ZodType<T>): Promise<LedgerRecord<T>[]> {
    const prefix = `${this.#context.keys.record(path)}/`;
    return this.#numbered(prefix, after + 1, await this.#lastNumber(prefix), schema);
  }

  /** Records as they are, some at a time: a series of thousands, one after the other, would take minutes. */
  readEach<T>(paths: readonly string[], schema?: z.ZodType<T>): Promise<LedgerRecord<T>[]> {
    return this.#readKeys(
      paths.map((path) => `${this.#context.keys.record(path)}.json`),
      schema,
    );
  }

  #numbered<T>(prefix: string, first: number, last: number, schema?: z.ZodType<T>): Promise<LedgerRecord<T>[]> {
    const keys = Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => keyOf(prefix, first + at));
    return this.#readKeys(keys, schema);
  }

  async #readKeys<T>(keys: readonly string[], schema?: z.ZodType<T>): Promise<LedgerRecord<T>[]> {
    const found: LedgerRecord<T>[] = [];
    for (let from = 0; from < keys.length; from += READ_AT_ONCE) {
      const part = keys.slice(from, from + READ_AT_ONCE);
      const read = await Promise.all(part.map(async (key) => must(await this.#readKey<T>(key, schema), key)));
      found.push(...read);
    }
    return found;
  }

  /** 0 when the series is empty. A long series (the write log) is listed in full once in a process. */
  async #lastNumber(prefix: string): Promise<number> {
    const known = this.#numbers.get(prefix) ?? 0;
    let last = known;
    const options = known === 0 ? {} : { startAfter: keyOf(prefix, known) };
    for await (const info of this.#context.store.list(prefix, options))
      last = Math.max(last, numberOf(prefix, info.key));
    this.#numbers.set(prefix, last);
    return last;
  }

  async #create<T>(key: string, body: T, causedBy: string | null): Promise<RecordResult<T>> {
    const { migration, actor, clock, ids, store } = this.#context;
    const record = {
      schemaVersion: SCHEMA_VERSION,
      migration,
      nonce: ids.uuid(),
      at: new Date(clock.nowMs()).toISOString(),
      by: actor,
      causedBy,
      body,
    } as const;
    if (await createOnce(this.#context, key, JSON.stringify(record))) {
      const info = must(await store.head(key), `${key}, just written,`);
      return { record: { ...record, key, lastModifiedMs: info.lastModifiedMs }, isMine: true };
    }
    const existing = must(await this.#readKey<T>(key), `${key}, which exists,`);
    return { record: existing, isMine: existing.nonce === record.nonce };
  }

  /** Without a schema the body is what the caller says it is: only for records that this package's callers write. */
  async #readKey<T>(key: string, schema?: z.ZodType<T>): Promise<LedgerRecord<T> | null> {
    const found = await this.#context.store.get(key);
    if (found === null) return null;
    const outer = parseAs(envelope, key, parseJson(key, found.body));
    if (outer.migration !== this.#context.migration) throw conflict(key, `belongs to migration ${outer.migration}`);
    const body = schema === undefined ? (outer.body as T) : parseAs(schema, key, outer.body);
    return { ...outer, body, key, lastModifiedMs: found.info.lastModifiedMs };
  }
}

function keyOf(prefix: string, number: number): string {
  return `${prefix}${String(number).padStart(10, '0')}.json`;
}

function numberOf(prefix: string, key: string): number {
  const match = /^(\d{10})\.json$/.exec(key.slice(prefix.length));
  return match === null ? 0 : Number(match[1]);
}
