/**
 * I1, re-checked from the plan's pages alone: the chunks of all generations cover the key domain once, NULL keys
 * included. Chunks come in order; only the last one is kept, so a million of them are no matter. It shares no code with
 * the planner that cut them.
 */
import type { Chunk, KeyPart, SourceType, TablePlan } from '@lakehaul/core';
import { isCanonicalLiteral, isOrdinalKey, ordinalOf } from '@lakehaul/planning';

export class Coverage {
  readonly #types: ReadonlyMap<string, SourceType>;
  readonly #say: (what: string) => void;
  #previous: Chunk | null = null;
  /** Of the first key column: where the ranges stand, over all generations. */
  #end: string | null = null;
  #hasNull = false;
  #isRanged = false;
  #isClosed = false;

  constructor(plan: Pick<TablePlan, 'columns'>, say: (what: string) => void) {
    this.#types = new Map(plan.columns.map((column) => [column.source.name, column.source.type]));
    this.#say = say;
  }

  add(chunk: Chunk): void {
    const previous = this.#previous;
    this.#previous = chunk;
    const { parts } = chunk;
    this.#noteTop(chunk);
    for (const part of parts) this.#judgeRange(chunk, part);
    if (previous === null) {
      parts.forEach((part, depth) => {
        this.#judgeFirst(chunk, part, depth);
      });
      return;
    }
    const fork = parts.findIndex((part, depth) => !isSame(part, previous.parts[depth]));
    if (fork < 0 || fork >= previous.parts.length) {
      this.#say(`chunks ${previous.number} and ${chunk.number} overlap: one holds the other`);
      return;
    }
    // What lay below the fork ends with the previous chunk, and begins anew with this one.
    for (let depth = fork + 1; depth < previous.parts.length; depth++) this.#judgeLast(previous, depth);
    this.#judgeNext(previous, chunk, fork);
    for (let depth = fork + 1; depth < parts.length; depth++) this.#judgeFirst(chunk, parts[depth] as KeyPart, depth);
  }

  /** `watermark`: where the newest generation ends; null when it ends nowhere. */
  finish(watermark: string | null): void {
    const last = this.#previous;
    if (last === null) {
      this.#say('there is no chunk at all');
      return;
    }
    for (let depth = 1; depth < last.parts.length; depth++) this.#judgeLast(last, depth);
    if (last.parts[0]?.kind === 'hash') this.#judgeLast(last, 0);
    if (!this.#isRanged) return;
    if (this.#end !== watermark) this.#say(`the last range ends at ${nameOf(this.#end)}, not at ${nameOf(watermark)}`);
    if (!this.#hasNull) this.#say('no chunk holds the rows with a NULL key');
  }

  #noteTop(chunk: Chunk): void {
    const top = chunk.parts[0];
    if (top === undefined || top.kind === 'hash') return;
    this.#isRanged = true;
    const isNew = !isSame(top, this.#previousTop);
    this.#previousTop = top;
    if (!isNew) return;
    if (top.kind === 'null') {
      if (this.#hasNull) this.#say(`chunk ${chunk.number} holds the NULL keys once more`);
      this.#hasNull = true;
      return;
    }
    if (this.#isClosed) this.#say(`chunk ${chunk.number} begins at ${nameOf(top.from)} behind a range without an end`);
    else if (top.from !== this.#end)
      this.#say(
        `chunk ${chunk.number} begins at ${nameOf(top.from)}, the range before it ends at ${nameOf(this.#end)}`,
      );
    this.#end = top.to;
    this.#isClosed = top.to === null;
  }

  #previousTop: KeyPart | undefined;

  #judgeRange(chunk: Chunk, part: KeyPart): void {
    if (part.kind !== 'range' || part.from === null || part.to === null) return;
    const type = this.#types.get(part.column);
    if (type === undefined) this.#say(`chunk ${chunk.number} is cut by ${part.column}, which is no column of the plan`);
    else if (!isAscending(type, part.from, part.to)) this.#say(`chunk ${chunk.number} ends before it begins`);
  }

  /** Depth 0 is judged over all generations by noteTop. */
  #judgeFirst(chunk: Chunk, part: KeyPart, depth: number): void {
    if (part.kind === 'hash' && part.bucket !== 0)
      this.#say(`chunk ${chunk.number} is bucket ${part.bucket}, and none before it is 0`);
    if (depth === 0) return;
    if (part.kind === 'range' && part.from !== null)
      this.#say(
        `chunk ${chunk.number} begins at ${nameOf(part.from)} of ${part.column}: what lies below is in no chunk`,
      );
    if (part.kind === 'null')
      this.#say(`chunk ${chunk.number} holds NULL of ${part.column} alone: no chunk holds its values`);
  }

  #judgeLast(chunk: Chunk, depth: number): void {
    const part = chunk.parts[depth];
    if (part?.kind === 'hash' && part.bucket !== part.modulus - 1)
      this.#say(`chunk ${chunk.number} is bucket ${part.bucket} of ${part.modulus}, and the others do not follow`);
    if (part?.kind === 'range')
      this.#say(`chunk ${chunk.number} ends at ${nameOf(part.to)} of ${part.column}, and no chunk holds its NULL keys`);
  }

  #judgeNext(previous: Chunk, chunk: Chunk, depth: number): void {
    const [before, after] = [previous.parts[depth], chunk.parts[depth]];
    if (before === undefined || after === undefined) return;
    const gap = (what: string) => this.#say(`chunks ${previous.number} and ${chunk.number}: ${what}`);
    if (before.kind === 'hash' || after.kind === 'hash') {
      const isNext =
        before.kind === 'hash' &&
        after.kind === 'hash' &&
        before.modulus === after.modulus &&
        after.bucket === before.bucket + 1;
      if (!isNext) gap('the buckets do not follow each other');
      return;
    }
    if (before.column !== after.column) gap(`${before.column} is followed by ${after.column}`);
    if (depth === 0) return;
    if (before.kind === 'null') gap(`something follows the NULL keys of ${before.column}`);
    else if (after.kind === 'range' && after.from !== before.to)
      gap(`a range of ${after.column} ends at ${nameOf(before.to)}, the next begins at ${nameOf(after.from)}`);
    else if (after.kind === 'null' && before.to !== null) gap(`${before.column} ends at ${nameOf(before.to)}`);
  }
}

function isSame(a: KeyPart | undefined, b: KeyPart | undefined): boolean {
  if (a === undefined || b === undefined || a.kind !== b.kind) return false;
  if (a.kind === 'hash') return b.kind === 'hash' && a.modulus === b.modulus && a.bucket === b.bucket;
  if (b.kind === 'hash' || a.column !== b.column) return false;
  return a.kind === 'null' || (b.kind === 'range' && a.from === b.from && a.to === b.to);
}

/** Boundaries of text are free of what the engines order differently (planning/cut-text.ts): their bytes decide. */
function isAscending(type: SourceType, from: string, to: string): boolean {
  if (!isOrdinalKey(type)) return Buffer.compare(Buffer.from(from), Buffer.from(to)) < 0;
  if (!isCanonicalLiteral(type, from) || !isCanonicalLiteral(type, to)) return false;
  return ordinalOf(type, from) < ordinalOf(type, to);
}

function nameOf(bound: string | null): string {
  return bound === null ? 'infinity' : `"${bound}"`;
}
