import {
  closeSync,
  createReadStream,
  existsSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  write,
  writeSync,
} from 'node:fs';
import { createInterface } from 'node:readline';
import { LakehaulError } from '@lakehaul/core';

/** What the index knows of an object. */
export interface StoredObject {
  /** File name in the objects directory. */
  file: string;
  sizeBytes: number;
  etag: string;
  /** Whole seconds, as S3's LastModified. */
  lastModifiedMs: number;
  contentType: string | null;
  /** x-amz-meta-* and the headers that S3 gives back; null when there are none. */
  headers: Record<string, string> | null;
}

/** A line of the journal: an object written, an object deleted, a bucket made. */
export type JournalLine =
  | ['p', string, string, string, number, string, number, string | null, Record<string, string> | null]
  | ['d', string, string]
  | ['b', string];

export function putLine(bucket: string, key: string, o: StoredObject): JournalLine {
  return ['p', bucket, key, o.file, o.sizeBytes, o.etag, o.lastModifiedMs, o.contentType, o.headers];
}

/**
 * Reads what an earlier process left. A torn last line is what a kill leaves and is dropped: nobody was told of it. A
 * broken line with others behind it is damage, and is not passed over.
 */
export async function readJournal(path: string, apply: (line: JournalLine) => void): Promise<{ isTorn: boolean }> {
  if (!existsSync(path)) return { isTorn: false };
  let broken = '';
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (broken !== '') throw new LakehaulError('INTERNAL', `${path} is damaged in the middle`);
    try {
      apply(JSON.parse(text) as JournalLine);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      broken = text;
    }
  }
  return { isTorn: broken !== '' || !endsWithNewline(path) };
}

function endsWithNewline(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const last = Buffer.alloc(1);
    return size === 0 || (readSync(file, last, 0, 1, size - 1) === 1 && last[0] === 0x0a);
  } finally {
    closeSync(file);
  }
}

/** Replaces the journal by these lines, atomically. */
export function rewriteJournal(path: string, lines: Iterable<JournalLine>): void {
  const temporary = `${path}.new`;
  const file = openSync(temporary, 'w');
  try {
    let text = '';
    for (const line of lines) {
      text += `${JSON.stringify(line)}\n`;
      if (text.length > 1_000_000) {
        writeSync(file, text);
        text = '';
      }
    }
    writeSync(file, text);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}

/**
 * Appends in groups: all lines of a turn go out in one write, and whoever waits is told when it is done. No fsync: a
 * sandbox must survive the death of its process, not of the machine.
 */
export class Journal {
  private readonly file: number;
  private pending = '';
  private waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  private isWriting = false;

  constructor(path: string) {
    this.file = openSync(path, 'a');
  }

  append(line: JournalLine): void {
    this.pending += `${JSON.stringify(line)}\n`;
  }

  /** Resolves when everything appended so far is in the file. */
  flushed(): Promise<void> {
    if (this.pending === '' && !this.isWriting) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.pump();
    });
  }

  async close(): Promise<void> {
    await this.flushed();
    closeSync(this.file);
  }

  private pump(): void {
    if (this.isWriting) return;
    this.isWriting = true;
    // A turn later, so that racing requests share one write.
    setImmediate(() => {
      const bytes = Buffer.from(this.pending);
      const waiting = this.waiting;
      this.pending = '';
      this.waiting = [];
      this.writeAll(bytes, 0, (error) => {
        this.isWriting = false;
        for (const one of waiting) {
          if (error) one.reject(error);
          else one.resolve();
        }
        if (this.waiting.length > 0) this.pump();
      });
    });
  }

  private writeAll(bytes: Buffer, from: number, done: (error: Error | null) => void): void {
    if (from >= bytes.length) {
      done(null);
      return;
    }
    write(this.file, bytes, from, bytes.length - from, null, (error, written) => {
      if (error) done(error);
      else this.writeAll(bytes, from + written, done);
    });
  }
}
