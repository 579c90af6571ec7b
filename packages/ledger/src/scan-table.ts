/**
 * The state of all chunks of one plan in typed arrays, about 18 bytes a chunk: a million chunks with an object each
 * would take ten times that. Which stage a set of receipts means is asked of core/journey, once per distinct set.
 */
import { type ChunkStage, type ChunkState, chunkStateOf, isDone, JOURNEY, must, type Stage } from '@lakehaul/core';
import { type MarkerKey, STAGES, tablePath } from './keys.ts';

export interface ScannedState extends ChunkState {
  /** S3 time of the newest receipt of the highest attempt. */
  lastModifiedMs: number;
  /** The same without `cleaned`, which changes no claim about the rows. */
  proofMs: number;
}

/** What a status tells of one plan, without a look at each chunk by whoever asks. */
export interface ScanSummary {
  /** Chunks by stage; stages that none is in are 0. */
  stages: Readonly<Record<ChunkStage, number>>;
  done: number;
  repaired: number;
  /** S3 time of the newest receipt that claims something about rows; 0 before the first. */
  newestProofMs: number;
}

export interface SeenAttempt {
  chunk: number;
  attempt: number;
}

export interface ChunkMatch {
  stage?: ChunkStage;
  attempt?: number;
}

/** What one LIST showed of a chunk's highest attempt; `bits` are its stages. */
export interface ListedAttempt {
  attempt: number;
  bits: number;
  submissions: number;
  failures: number;
  modifiedMs: number;
  proofMs: number;
}

/** One chunk of a segment: what a finished chunk ended as. */
export interface FoldedChunk {
  attempt: number;
  stage: ChunkStage;
  submissions: number;
  failures: number;
  modifiedSeconds: number;
  proofSeconds: number;
}

const STAGE_NAMES: readonly ChunkStage[] = JOURNEY.map((row) => row.stage);
const STAGE_CODES = new Map(STAGE_NAMES.map((stage, code) => [stage, code]));
const PLANNED_CODE = codeOf('planned');
const DONE_CODES: readonly boolean[] = STAGE_NAMES.map((stage) => isDone({ stage }));
const TROUBLES: ReadonlySet<ChunkStage> = new Set(['void', 'mismatched', 'quarantined', 'accepted']);
const TROUBLE_CODES: readonly boolean[] = STAGE_NAMES.map((stage) => TROUBLES.has(stage));
const STAGE_BITS = new Map(STAGES.map((stage, bit) => [stage, 1 << bit]));

export function bitOf(stage: Stage): number {
  return must(STAGE_BITS.get(stage), `bit of ${stage}`);
}

interface Meaning {
  stageCode: number;
  isCleaned: boolean;
}

const MEANINGS = new Map<number, Meaning>();

/** A set of stages as bits, judged by the journey. There are far fewer sets than chunks. */
function meaningOf(bits: number): Meaning {
  const known = MEANINGS.get(bits);
  if (known !== undefined) return known;
  const stages = new Set(STAGES.filter((stage) => (bits & bitOf(stage)) !== 0));
  const state = chunkStateOf({ attempt: 1, stages, submissions: 0, failures: 0 });
  const meaning = { stageCode: codeOf(state.stage), isCleaned: state.isCleaned };
  MEANINGS.set(bits, meaning);
  return meaning;
}

function codeOf(stage: ChunkStage): number {
  return must(STAGE_CODES.get(stage), `code of ${stage}`);
}

/** Stages that are stronger than a proof of the same attempt. */
function isTakenBack(stage: ChunkStage): boolean {
  return stage === 'mismatched' || stage === 'quarantined' || stage === 'accepted';
}

export class ScanTable {
  readonly tableId: string;
  readonly generation: number;
  /** `<table>/g<generation>`: the place of the table's keys within each shard. */
  readonly path: string;
  readonly firstChunk: number;
  readonly chunkCount: number;
  readonly blockChunks: number;
  readonly blockCount: number;
  readonly #stages: Uint8Array;
  readonly #attempts: Uint16Array;
  readonly #submissions: Uint16Array;
  readonly #failures: Uint16Array;
  readonly #cleaned: Uint8Array;
  readonly #modifiedSeconds: Uint32Array;
  readonly #proofSeconds: Uint32Array;
  /** Attempt as which a segment holds the chunk; 0 when none does. */
  readonly #foldedAttempts: Uint16Array;
  /** Highest version of a segment that was read, per block; 0 = none. */
  readonly #segmentVersions: Uint16Array;
  /** Blocks with a marker that no segment covers: they are listed, folded or not. */
  readonly #openBlocks: Uint8Array;
  /** Attempts that have a `mismatched` receipt, by chunk: few, or the table stands. */
  readonly #mismatches = new Map<number, Set<number>>();
  /** Null when something changed since it was made. */
  #summary: ScanSummary | null = null;

  constructor(
    plan: { tableId: string; generation: number; firstChunk: number; chunkCount: number },
    blockChunks: number,
  ) {
    this.tableId = plan.tableId;
    this.generation = plan.generation;
    this.path = tablePath(plan.tableId, plan.generation);
    this.firstChunk = plan.firstChunk;
    this.chunkCount = plan.chunkCount;
    this.blockChunks = blockChunks;
    this.blockCount = Math.ceil(plan.chunkCount / blockChunks);
    this.#stages = new Uint8Array(plan.chunkCount).fill(PLANNED_CODE);
    this.#attempts = new Uint16Array(plan.chunkCount);
    this.#submissions = new Uint16Array(plan.chunkCount);
    this.#failures = new Uint16Array(plan.chunkCount);
    this.#cleaned = new Uint8Array(plan.chunkCount);
    this.#modifiedSeconds = new Uint32Array(plan.chunkCount);
    this.#proofSeconds = new Uint32Array(plan.chunkCount);
    this.#foldedAttempts = new Uint16Array(plan.chunkCount);
    this.#segmentVersions = new Uint16Array(this.blockCount);
    this.#openBlocks = new Uint8Array(this.blockCount);
  }

  has(chunk: number): boolean {
    return chunk >= this.firstChunk && chunk < this.firstChunk + this.chunkCount;
  }

  blockOf(chunk: number): number {
    return Math.floor((chunk - this.firstChunk) / this.blockChunks);
  }

  blockStart(block: number): number {
    return this.firstChunk + block * this.blockChunks;
  }

  blockEnd(block: number): number {
    return Math.min(this.blockStart(block + 1), this.firstChunk + this.chunkCount);
  }

  stageOf(chunk: number): ChunkStage {
    return STAGE_NAMES[this.#stages[chunk - this.firstChunk] ?? PLANNED_CODE] ?? 'planned';
  }

  isCleaned(chunk: number): boolean {
    return this.#cleaned[chunk - this.firstChunk] === 1;
  }

  stageCounts(counts: Map<ChunkStage, number>): void {
    const byCode = new Uint32Array(STAGE_NAMES.length);
    for (const code of this.#stages) byCode[code] = (byCode[code] ?? 0) + 1;
    STAGE_NAMES.forEach((stage, code) => {
      const count = byCode[code] ?? 0;
      if (count > 0) counts.set(stage, (counts.get(stage) ?? 0) + count);
    });
  }

  /** The same object until something changes: most tables of a big migration stand still between two looks. */
  summary(): ScanSummary {
    this.#summary ??= this.#summarize();
    return this.#summary;
  }

  #summarize(): ScanSummary {
    const byCode = new Uint32Array(STAGE_NAMES.length);
    let done = 0;
    let repaired = 0;
    let newestProofSeconds = 0;
    for (let place = 0; place < this.chunkCount; place++) {
      const code = this.#stages[place] ?? PLANNED_CODE;
      byCode[code] = (byCode[code] ?? 0) + 1;
      if (DONE_CODES[code] === true) {
        done += 1;
        if ((this.#attempts[place] ?? 0) > 1) repaired += 1;
      }
      const seconds = this.#proofSeconds[place] ?? 0;
      if (seconds > newestProofSeconds) newestProofSeconds = seconds;
    }
    const stages = Object.fromEntries(STAGE_NAMES.map((stage, code) => [stage, byCode[code] ?? 0]));
    return {
      stages: stages as Record<ChunkStage, number>,
      done,
      repaired,
      newestProofMs: newestProofSeconds * 1000,
    };
  }

  /** Numbers of the first chunks from `from` on that match, at most `limit`. */
  find(match: ChunkMatch, from: number, limit: number): number[] {
    const found: number[] = [];
    const stageCode = match.stage === undefined ? -1 : codeOf(match.stage);
    const attempt = match.attempt ?? -1;
    for (let place = Math.max(0, from - this.firstChunk); place < this.chunkCount && found.length < limit; place++) {
      if (stageCode >= 0 && this.#stages[place] !== stageCode) continue;
      if (attempt >= 0 && this.#attempts[place] !== attempt) continue;
      found.push(this.firstChunk + place);
    }
    return found;
  }

  /** In order: chunks whose newest attempt failed once or stands outside the journey, and those that needed another attempt. */
  troubled(): number[] {
    const found: number[] = [];
    for (let place = 0; place < this.chunkCount; place++) {
      const isTroubled =
        (this.#failures[place] ?? 0) > 0 ||
        (this.#attempts[place] ?? 0) > 1 ||
        TROUBLE_CODES[this.#stages[place] ?? PLANNED_CODE] === true;
      if (isTroubled) found.push(this.firstChunk + place);
    }
    return found;
  }

  cells(): Uint8Array {
    return this.#stages.map((stage, place) => stage | (Math.min(this.#attempts[place] ?? 0, 15) << 4));
  }

  provenSeconds(): Uint32Array {
    return this.#proofSeconds.filter((_, place) => DONE_CODES[this.#stages[place] ?? PLANNED_CODE] === true);
  }

  state(chunk: number): ScannedState {
    const place = chunk - this.firstChunk;
    const stage = this.stageOf(chunk);
    const attempt = this.#attempts[place] ?? 0;
    return {
      stage,
      attempt,
      submissions: this.#submissions[place] ?? 0,
      failures: this.#failures[place] ?? 0,
      isCleaned: this.#cleaned[place] === 1,
      isRepaired: attempt > 1 && (stage === 'verified' || stage === 'counted'),
      lastModifiedMs: (this.#modifiedSeconds[place] ?? 0) * 1000,
      proofMs: (this.#proofSeconds[place] ?? 0) * 1000,
    };
  }

  /** Later lists overwrite: receipts only ever become more. */
  setListed(chunk: number, seen: ListedAttempt): void {
    const place = chunk - this.firstChunk;
    const meaning = meaningOf(seen.bits);
    const proofSeconds = Math.floor(seen.proofMs / 1000);
    if (
      this.#stages[place] !== meaning.stageCode ||
      this.#attempts[place] !== seen.attempt ||
      this.#proofSeconds[place] !== proofSeconds
    )
      this.#summary = null;
    this.#stages[place] = meaning.stageCode;
    this.#attempts[place] = seen.attempt;
    this.#submissions[place] = seen.submissions;
    this.#failures[place] = seen.failures;
    this.#cleaned[place] = meaning.isCleaned ? 1 : 0;
    this.#modifiedSeconds[place] = Math.floor(seen.modifiedMs / 1000);
    this.#proofSeconds[place] = proofSeconds;
  }

  /** Segments of several folders may overlap; the highest attempt that was ever finished is the one that counts. */
  setFolded(chunk: number, folded: FoldedChunk): void {
    const place = chunk - this.firstChunk;
    if (folded.attempt <= (this.#foldedAttempts[place] ?? 0)) return;
    this.#foldedAttempts[place] = folded.attempt;
    // A list may have shown more already: a later attempt, or the same one taken back (its marker keeps the block listed).
    const listedAttempt = this.#attempts[place] ?? 0;
    if (folded.attempt < listedAttempt) return;
    if (folded.attempt === listedAttempt && isTakenBack(this.stageOf(chunk))) return;
    this.#summary = null;
    this.#stages[place] = codeOf(folded.stage);
    this.#attempts[place] = folded.attempt;
    this.#submissions[place] = folded.submissions;
    this.#failures[place] = folded.failures;
    this.#cleaned[place] = 1;
    this.#modifiedSeconds[place] = folded.modifiedSeconds;
    this.#proofSeconds[place] = folded.proofSeconds;
  }

  noteMismatch(chunk: number, attempt: number): void {
    const known = this.#mismatches.get(chunk) ?? new Set();
    this.#mismatches.set(chunk, known.add(attempt));
  }

  /** In order of chunks. */
  mismatches(): SeenAttempt[] {
    return [...this.#mismatches]
      .sort(([a], [b]) => a - b)
      .flatMap(([chunk, attempts]) => [...attempts].map((attempt) => ({ chunk, attempt })));
  }

  foldedAttempt(chunk: number): number {
    return this.#foldedAttempts[chunk - this.firstChunk] ?? 0;
  }

  segmentVersion(block: number): number {
    return this.#segmentVersions[block] ?? 0;
  }

  noteSegment(block: number, version: number): void {
    this.#segmentVersions[block] = Math.max(this.segmentVersion(block), version);
  }

  closeBlocks(): void {
    this.#openBlocks.fill(0);
  }

  /** A marker older than what the segment says is history; any other may have changed the chunk since. */
  noteMarker(marker: MarkerKey): void {
    if (!this.has(marker.chunk)) return;
    const folded = this.foldedAttempt(marker.chunk);
    const isCovered = marker.why === 'opened' ? marker.attempt <= folded : marker.attempt < folded;
    if (!isCovered) this.#openBlocks[this.blockOf(marker.chunk)] = 1;
  }

  /** The block need not be listed. */
  isFolded(block: number): boolean {
    return this.segmentVersion(block) > 0 && this.#openBlocks[block] === 0;
  }
}
