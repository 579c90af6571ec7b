/**
 * The three clouds as one immutable value: what S3, Redshift and the warehouse hold at one moment. Every change makes a
 * new value that shares what did not change, so that a search can go on from any moment that it has seen.
 *
 * Exact where the proof rests on it: create-once PUT, LastModified in whole seconds, one snapshot a batch, COPY that
 * skips files that it knows, REPLACE and DELETE by a lineage range, versions that can be read again, statements that go
 * on when their client is gone and end by their time-out. One chunk's worth of everything else.
 */
import type { UnloadAnswer } from '@lakehaul/adapters';
import type { KeyPart } from '@lakehaul/core';

export interface StoredObject {
  body: string;
  etag: string;
  lastModifiedMs: number;
}

/** `arriving`: sent, but neither done nor seen by anybody yet. `running`: the engine shows it and has not done it yet. */
export type StatementState = 'arriving' | 'running' | 'finished' | 'failed';

export interface SourceBatch {
  id: string;
  name: string;
  state: StatementState;
  dataPrefix: string;
  parts: readonly KeyPart[];
  /** What the transaction read: the truth that a proof is judged by. */
  rows: readonly number[];
  answer: UnloadAnswer | null;
  /** The result is past its retention. */
  isExpired: boolean;
}

export interface Load {
  operation: 'copy' | 'replace' | 'delete';
  tag: string;
  chunk: number;
  attempt: number;
  dataPrefix: string;
  fileNames: readonly string[];
  /** The engine's STATEMENT_TIMEOUT for it. */
  timeoutMs: number;
  /** The statement itself refuses to begin later. */
  startBeforeMs: number;
}

export interface LoadStatement extends Load {
  id: string;
  state: StatementState;
  /** After it the engine has killed the statement: it cannot commit. */
  deadlineMs: number;
}

/** A row of the target: its lineage (null: a live row, no business of ours) and which source row it is. */
export interface TargetRow {
  lineage: bigint | null;
  row: number;
}

export interface Commit {
  operation: string;
  predicate: string;
  tag: string;
}

/** A PUT that its client has given up and that S3 will still see. */
export interface LatePut {
  key: string;
  body: string;
}

export interface Clouds {
  nowMs: number;
  objects: ReadonlyMap<string, StoredObject>;
  /** Rows of the source, each a number that its content stands for. */
  source: readonly number[];
  batches: readonly SourceBatch[];
  /** The target at each version; the last one is now. */
  versions: readonly (readonly TargetRow[])[];
  commits: readonly Commit[];
  knownFiles: ReadonlySet<string>;
  loads: readonly LoadStatement[];
  latePut: LatePut | null;
}

export const START_MS = Date.parse('2026-01-01T00:00:00Z');
/** One row of the live path: it must be there at every moment (I11). */
export const LIVE_ROWS: readonly TargetRow[] = [{ lineage: null, row: 1_000 }];

export function newClouds(source: readonly number[]): Clouds {
  return {
    nowMs: START_MS,
    objects: new Map(),
    source,
    batches: [],
    versions: [LIVE_ROWS],
    commits: [],
    knownFiles: new Set(),
    loads: [],
    latePut: null,
  };
}

export const currentRows = (clouds: Clouds): readonly TargetRow[] => clouds.versions.at(-1) ?? [];

/** The model's Parquet: each row with the hash that the source computed for it, so that damage to one spares the other. */
export const fileOf = (rows: readonly number[]): string => rows.map((row) => `${row}:${row}`).join(',');

export function rowsOfFile(body: string): { row: number; hash: number }[] {
  if (body === '') return [];
  return body.split(',').map((text) => {
    const [row = '', hash = ''] = text.split(':');
    return { row: Number(row), hash: Number(hash) };
  });
}

export function withObject(clouds: Clouds, key: string, body: string): Clouds {
  const objects = new Map(clouds.objects);
  const lastModifiedMs = Math.floor(clouds.nowMs / 1000) * 1000;
  objects.set(key, { body, etag: etagOf(body), lastModifiedMs });
  return { ...clouds, objects };
}

export function withoutObjects(clouds: Clouds, keys: readonly string[]): Clouds {
  const objects = new Map(clouds.objects);
  for (const key of keys) objects.delete(key);
  return { ...clouds, objects };
}

/**
 * The same clouds with nonces of these objects, or of a late PUT, made all alike: for when nobody will ever compare them
 * again (a nonce only tells its own writer that a lost PUT was its own). `mark`: what those nonces begin with.
 */
export function withPastNonces(clouds: Clouds, mark: string, isKey: (key: string) => boolean = () => true): Clouds {
  const start = `"nonce":"${mark}`;
  const past = (body: string) => {
    const from = body.indexOf(start);
    return `${body.slice(0, from)}"nonce":"past"${body.slice(body.indexOf('"', from + start.length) + 1)}`;
  };
  const { latePut } = clouds;
  let next = clouds;
  if (latePut !== null && isKey(latePut.key) && latePut.body.includes(start))
    next = { ...clouds, latePut: { ...latePut, body: past(latePut.body) } };
  const changed: [string, StoredObject][] = [];
  for (const [key, object] of clouds.objects)
    if (isKey(key) && object.body.includes(start)) {
      const body = past(object.body);
      changed.push([key, { ...object, body, etag: etagOf(body) }]);
    }
  return changed.length === 0 ? next : { ...next, objects: new Map([...clouds.objects, ...changed]) };
}

/** FNV-1a: an ETag only has to differ when the body does, and the bodies of a model are few. */
function etagOf(body: string): string {
  let hash = 0x811c9dc5;
  for (let place = 0; place < body.length; place++) hash = Math.imul(hash ^ body.charCodeAt(place), 0x01000193) >>> 0;
  return `${hash.toString(16)}-${body.length}`;
}

/**
 * Everything that the clouds hold, as text, and nothing left out because other parts seem to tell it: two moments with the
 * same text behave the same for ever. (Statements alone do not tell which of two COPYs of the same files made the
 * commit.) Bodies are long and come again and again, so each is numbered once; lists are shared by most moments.
 */
export class StateKeys {
  readonly #numbers = new Map<string, number>();
  readonly #lists = new WeakMap<object, string>();

  of(clouds: Clouds): string {
    const { nowMs, objects, source, batches, versions, commits, knownFiles, loads, latePut, ...rest } = clouds;
    // A new part of the clouds that is not part of the key does not compile.
    rest satisfies Record<string, never>;
    return [
      nowMs,
      this.#of(objects, () => this.#ofObjects(objects)),
      this.#of(source),
      this.#of(batches),
      this.#of(versions, () => versions.map((rows) => this.#of(rows)).join()),
      this.#of(commits),
      this.#of(knownFiles, () => [...knownFiles].sort().join()),
      this.#of(loads),
      latePut === null ? '' : this.#of(latePut),
    ].join('|');
  }

  #ofObjects(objects: Clouds['objects']): string {
    const parts = [...objects].map(([key, o]) => `${this.#number(key)}.${this.#number(o.body)}.${o.lastModifiedMs}`);
    return parts.sort().join();
  }

  /** Lists are never changed: the same one has the same text. */
  #of(list: object, text: () => string = () => exactly(list)): string {
    let number = this.#lists.get(list);
    if (number === undefined) {
      number = String(this.#number(text()));
      this.#lists.set(list, number);
    }
    return number;
  }

  #number(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(text, number);
    }
    return number;
  }
}

const exactly = (value: object): string =>
  JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'bigint' || each === Number.POSITIVE_INFINITY ? `${each}` : each,
  );
