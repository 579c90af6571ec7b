/**
 * Every key of the ledger, built and parsed. Pure.
 *
 *   <prefix>/<migration>/chunks/<shard>/<table>/g<generation>/<chunk>/<attempt>.<stage>.json     receipts
 *                        …/<attempt>.submit-<k>.json  .failed-<k>.json  .reproved-<k>.json       repeatable stages
 *                        …/<attempt>.ending.json                                                 no more submissions
 *                        plans/heads/<table>/g<generation>.json                                  the plan exists
 *                        plans/pages/<table>/g<generation>/<set>/<page>.json                     chunks of the plan
 *                        reopened/<table>/g<generation>/<chunk>/<attempt>.<why>.json             look at a folded chunk again
 *                        folds/<table>/g<generation>/<first chunk>-<version>.json                checkpoint segments
 *                        records/<path>/<n>.json                                                 seals, settings, …
 *                        diffs/…                                                                 rows of a diff (expire)
 *                        probes/…                                                                doctor's probe of the store
 *                        ledger-seals/<n>.json                                                   signed seals of the ledger
 *                        ledger-seals/leaves/<set>/<part>.json                                   what each of them covers
 *
 * Chunk numbers are zero-padded so that S3 lists them in order: a scan can start after what is folded.
 */
import { createHash } from 'node:crypto';
import {
  type AttemptRef,
  type ChunkRef,
  LakehaulError,
  MAX_ATTEMPT,
  MAX_CHUNK_NUMBER,
  type Stage,
} from '@lakehaul/core';

/** Which stages can have many receipts in one attempt. Complete by type. */
const IS_REPEATABLE = {
  opened: false,
  submit: true,
  unloaded: false,
  loaded: false,
  counted: false,
  verified: false,
  reproved: true,
  mismatched: false,
  void: false,
  failed: true,
  quarantined: false,
  accepted: false,
  cleaned: false,
} as const satisfies Record<Stage, boolean>;

export type RepeatableStage = { [S in Stage]: (typeof IS_REPEATABLE)[S] extends true ? S : never }[Stage];

/** In the order in which an attempt goes through them: breaks ties of S3's whole seconds. */
export const STAGES = Object.keys(IS_REPEATABLE) as readonly Stage[];

export function isStage(text: string): text is Stage {
  return Object.hasOwn(IS_REPEATABLE, text);
}

export function isRepeatable(stage: Stage): boolean {
  return IS_REPEATABLE[stage];
}

export interface ReceiptKey extends AttemptRef {
  /** `ending` is no stage: it closes the attempt to further submissions. */
  stage: Stage | 'ending';
  /** 1, 2, … of a repeatable stage; 0 otherwise. */
  ordinal: number;
}

/** Why a folded chunk must be looked at again. */
export type ReopenedWhy = 'opened' | 'mismatched' | 'quarantined';

export interface MarkerKey extends AttemptRef {
  why: ReopenedWhy;
}

export interface SegmentKey {
  tableId: string;
  generation: number;
  firstChunk: number;
  version: number;
}

export const SHARDS: readonly string[] = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, '0'));

const TABLE_ID = '[a-z0-9_][a-z0-9_-]*';
const RECEIPT = new RegExp(
  `^([0-9a-f]{2})/(${TABLE_ID})/g([1-9]\\d{0,9})/(\\d{10})/(\\d{5})\\.([a-z]+)(?:-([1-9]\\d{0,8}))?\\.json$`,
);
const MARKER = new RegExp(
  `^(${TABLE_ID})/g([1-9]\\d{0,9})/(\\d{10})/(\\d{5})\\.(opened|mismatched|quarantined)\\.json$`,
);
const SEGMENT = new RegExp(`^(${TABLE_ID})/g([1-9]\\d{0,9})/(\\d{10})-(\\d{5})\\.json$`);
const HEAD = new RegExp(`^(${TABLE_ID})/g([1-9]\\d{0,9})\\.json$`);
const TABLE_ID_ONLY = new RegExp(`^${TABLE_ID}$`);
const RECORD_PATH = /^[a-z0-9_-]+(?:\/[a-z0-9_-]+)*$/;

/** Spreads the receipts over S3's partitions and lets 256 lists run side by side. */
export function shardOf(ref: ChunkRef): string {
  return createHash('sha256').update(`${ref.tableId}/${ref.generation}/${ref.chunk}`).digest('hex').slice(0, 2);
}

export class LedgerKeys {
  readonly root: string;
  readonly #chunks: string;

  constructor(prefix: string, migration: string) {
    if (migration === '' || migration.includes('/'))
      throw new LakehaulError('CONFIG_INVALID', `migration name "${migration}" must not be empty and have no slash`);
    const clean = prefix.replace(/^\/+|\/+$/g, '');
    this.root = clean === '' ? migration : `${clean}/${migration}`;
    this.#chunks = `${this.root}/chunks/`;
  }

  shardPrefix(shard: string): string {
    return `${this.#chunks}${shard}/`;
  }

  chunkPrefix(ref: ChunkRef): string {
    return `${this.shardPrefix(shardOf(ref))}${chunkPath(ref)}/`;
  }

  receipt(ref: AttemptRef, stage: Stage | 'ending', ordinal = 0): string {
    const isNumbered = stage !== 'ending' && isRepeatable(stage);
    if (isNumbered !== ordinal > 0 || !Number.isInteger(ordinal))
      throw new LakehaulError('INTERNAL', `receipt ${stage} with number ${ordinal}`);
    return `${this.chunkPrefix(ref)}${attemptName(ref.attempt)}.${stage}${isNumbered ? `-${ordinal}` : ''}.json`;
  }

  /** All receipts of one stage of one attempt, when it is a repeatable one. */
  receiptPrefix(ref: AttemptRef, stage: Stage): string {
    return `${this.chunkPrefix(ref)}${attemptName(ref.attempt)}.${stage}-`;
  }

  /** Null for keys that are no receipt that this version knows. */
  parseReceipt(key: string): ReceiptKey | null {
    if (!key.startsWith(this.#chunks)) return null;
    const match = RECEIPT.exec(key.slice(this.#chunks.length));
    if (match === null) return null;
    const [, , tableId = '', generation = '', chunk = '', attempt = '', stage = '', ordinal] = match;
    if (stage !== 'ending' && !isStage(stage)) return null;
    const isNumbered = stage !== 'ending' && isRepeatable(stage);
    if (isNumbered !== (ordinal !== undefined)) return null;
    return { tableId, generation: +generation, chunk: +chunk, attempt: +attempt, stage, ordinal: +(ordinal ?? 0) };
  }

  /** After every receipt of the chunk, before those of the next one. */
  afterChunk(shard: string, ref: ChunkRef): string {
    return `${this.shardPrefix(shard)}${chunkPath(ref)}/~`;
  }

  planHeads(tableId?: string): string {
    return `${this.root}/plans/heads/${tableId === undefined ? '' : `${tableId}/`}`;
  }

  planHead(tableId: string, generation: number): string {
    return `${this.planHeads()}${tablePath(tableId, generation)}.json`;
  }

  parsePlanHead(key: string): { tableId: string; generation: number } | null {
    const match = key.startsWith(this.planHeads()) ? HEAD.exec(key.slice(this.planHeads().length)) : null;
    return match === null ? null : { tableId: match[1] ?? '', generation: Number(match[2]) };
  }

  /** Each planner writes a set of pages of its own; the head names the one that counts. */
  planPage(plan: { tableId: string; generation: number }, set: string, page: number): string {
    return `${this.root}/plans/pages/${tablePath(plan.tableId, plan.generation)}/${set}/${String(page).padStart(6, '0')}.json`;
  }

  get markers(): string {
    return `${this.root}/reopened/`;
  }

  marker(ref: AttemptRef, why: ReopenedWhy): string {
    return `${this.markers}${chunkPath(ref)}/${attemptName(ref.attempt)}.${why}.json`;
  }

  parseMarker(key: string): MarkerKey | null {
    const match = key.startsWith(this.markers) ? MARKER.exec(key.slice(this.markers.length)) : null;
    if (match === null) return null;
    const [, tableId = '', generation, chunk, attempt, why] = match;
    return {
      tableId,
      generation: Number(generation),
      chunk: Number(chunk),
      attempt: Number(attempt),
      why: why as ReopenedWhy,
    };
  }

  get segments(): string {
    return `${this.root}/folds/`;
  }

  segment(key: SegmentKey): string {
    return `${this.segments}${tablePath(key.tableId, key.generation)}/${padded(key.firstChunk)}-${String(key.version).padStart(5, '0')}.json`;
  }

  parseSegment(key: string): SegmentKey | null {
    const match = key.startsWith(this.segments) ? SEGMENT.exec(key.slice(this.segments.length)) : null;
    if (match === null) return null;
    const [, tableId = '', generation, firstChunk, version] = match;
    return { tableId, generation: Number(generation), firstChunk: Number(firstChunk), version: Number(version) };
  }

  /** A named record, or the prefix of a numbered series when followed by a slash. */
  record(path: string): string {
    if (!RECORD_PATH.test(path)) throw new LakehaulError('INTERNAL', `record path "${path}"`);
    return `${this.root}/records/${path}`;
  }

  /** Prefix of the seals' own records, without their lists of leaves: numbers have ten digits. */
  get ledgerSeals(): string {
    return `${this.root}/ledger-seals/0`;
  }

  ledgerSeal(number: number): string {
    if (!Number.isInteger(number) || number < 1 || number > 999_999_999)
      throw new LakehaulError('INTERNAL', `ledger seal ${number}`);
    return `${this.root}/ledger-seals/${padded(number)}.json`;
  }

  /** Each sealer writes a set of lists of its own; the seal names those that count. */
  sealLeaves(set: string, part: number): string {
    return `${this.root}/ledger-seals/leaves/${set}/${String(part).padStart(6, '0')}.json`;
  }

  probe(nonce: string): string {
    return `${this.root}/probes/${nonce}.json`;
  }

  /** Rows of diffs, all of them: what a bucket policy and a lifecycle rule are about. */
  get diffs(): string {
    return `${this.root}/diffs/`;
  }

  diff(ref: AttemptRef, nonce: string): string {
    return `${this.diffs}${chunkPath(ref)}/${attemptName(ref.attempt)}-${nonce}.json`;
  }
}

/** `<table>/g<generation>`: sorts like the keys below it, since it is ASCII. */
export function tablePath(tableId: string, generation: number): string {
  if (!TABLE_ID_ONLY.test(tableId)) throw new LakehaulError('INTERNAL', `table id "${tableId}" is not safe in a path`);
  if (!Number.isInteger(generation) || generation < 1) throw new LakehaulError('INTERNAL', `generation ${generation}`);
  return `${tableId}/g${generation}`;
}

function chunkPath(ref: ChunkRef): string {
  return `${tablePath(ref.tableId, ref.generation)}/${padded(ref.chunk)}`;
}

function padded(chunk: number): string {
  if (!Number.isInteger(chunk) || chunk < 0 || chunk > MAX_CHUNK_NUMBER)
    throw new LakehaulError('INTERNAL', `chunk number ${chunk} is outside 0…${MAX_CHUNK_NUMBER}`);
  return String(chunk).padStart(10, '0');
}

function attemptName(attempt: number): string {
  if (!Number.isInteger(attempt) || attempt < 1 || attempt > MAX_ATTEMPT)
    throw new LakehaulError('INTERNAL', `attempt ${attempt} is outside 1…${MAX_ATTEMPT}`);
  return String(attempt).padStart(5, '0');
}
