/**
 * Rows of a diff: the only objects of the ledger that hold row values, and the only ones that go again. They lie under a
 * prefix of their own, so that a bucket policy can keep them from most people and a lifecycle rule can remove them; the
 * `mismatched` receipt keeps their digest for ever.
 */
import { createHash } from 'node:crypto';
import { type AttemptRef, asLakehaulError, type Log } from '@lakehaul/core';
import { createOnce, type LedgerContext } from './create-once.ts';
import { conflict } from './schemas.ts';

export async function writeDiff(context: LedgerContext, ref: AttemptRef, rows: string): Promise<string> {
  const key = context.keys.diff(ref, context.ids.uuid());
  await createOnce(context, key, rows);
  return key;
}

/**
 * Null when they are gone. What lies there but is not what the receipt tells of is LEDGER_CONFLICT; without the right to
 * read it the store's PERMISSION_DENIED comes through (S3 says 404, not 403, only to those who may list the bucket).
 */
export async function readDiff(context: LedgerContext, key: string, sha256: string): Promise<string | null> {
  if (!key.startsWith(context.keys.diffs)) throw conflict(key, `is not under ${context.keys.diffs}`);
  const found = await context.store.get(key);
  if (found === null) return null;
  const digest = createHash('sha256').update(found.body).digest('hex');
  if (digest !== sha256) throw conflict(key, `has SHA-256 ${digest}, the receipt says ${sha256}`);
  return new TextDecoder().decode(found.body);
}

/** Between two looks: diffs are kept for days, and a pass over the tables comes every few seconds. */
const SWEEP_EVERY_MS = 15 * 60_000;
const DELETED_AT_ONCE = 1_000;

/**
 * Our own removal of diffs past their time, for buckets without the lifecycle rule. Ages are by S3's clock. A bucket
 * policy that lets nobody delete is right, too: then the rule removes them, and the sweep says that it may not.
 */
export class DiffSweep {
  readonly #context: LedgerContext;
  readonly #keepMs: number;
  readonly #log: Log;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(context: LedgerContext, options: { keepMs: number; log: Log }) {
    this.#context = context;
    this.#keepMs = options.keepMs;
    this.#log = options.log;
  }

  /** How many were removed at `nowMs` (S3's time). */
  async runOnce(nowMs: number): Promise<number> {
    if (nowMs - this.#lastMs < SWEEP_EVERY_MS) return 0;
    this.#lastMs = nowMs;
    let removed = 0;
    let due: string[] = [];
    const remove = async () => {
      await this.#context.store.delete(due);
      removed += due.length;
      due = [];
    };
    try {
      for await (const object of this.#context.store.list(this.#context.keys.diffs)) {
        if (nowMs - object.lastModifiedMs > this.#keepMs) due.push(object.key);
        if (due.length >= DELETED_AT_ONCE) await remove();
      }
      if (due.length > 0) await remove();
    } catch (thrown) {
      const error = asLakehaulError(thrown);
      if (error.code !== 'PERMISSION_DENIED') throw error;
      this.#log.warn('expired diffs not removed', {
        code: error.code,
        next: 'a lifecycle rule on the diffs must do it',
      });
    }
    if (removed > 0) this.#log.info('expired diffs removed', { files: removed });
    return removed;
  }
}
