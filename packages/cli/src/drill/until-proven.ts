/** The course of one drill: injections at their moments, looks of the judge, and when it is over. */
import type { Injector } from './injector.ts';
import type { Judge } from './judge.ts';
import { countReceipts, isSealed, isVerified, type LedgerFiles, plannedChunks, readClaims } from './ledger-claims.ts';

/** Not finished by then is a failure. */
export interface RunOptions {
  limitMs: number;
  signal: AbortSignal;
}

const LOOK_EVERY_MS = 1_000;
const TICK_MS = 60;

export interface End {
  /** When every chunk was called verified; null when that never came. */
  provenMs: number | null;
  overMs: number;
  isSealed: boolean;
}

/** Injects at the moments, looks at what is newly verified, and ends when all is proven and sealed, or at the limit. */
export async function untilProven(run: {
  files: LedgerFiles;
  root: string;
  judge: Judge;
  injector: Injector;
  options: RunOptions;
}): Promise<End> {
  const { files, root, judge, injector, options } = run;
  const limitMs = performance.now() + options.limitMs;
  let provenMs: number | null = null;
  let lookedMs = 0;
  for (;;) {
    if (files.list(`${root}/chunks/`).length > 0) injector.begun();
    injector.at(countReceipts(files, root));
    if (performance.now() - lookedMs > LOOK_EVERY_MS) {
      await judge.look();
      lookedMs = performance.now();
      if (!isAllVerified(files, root)) provenMs = null;
      else provenMs ??= performance.now();
      // A moment that the haul never reached strikes a fleet that has nothing to do.
      if (provenMs !== null) injector.at(Number.POSITIVE_INFINITY);
    }
    const isDone = provenMs !== null && injector.isOver && isSealed(files, root);
    if (isDone || performance.now() > limitMs || options.signal.aborted)
      return { provenMs, overMs: performance.now(), isSealed: isDone };
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
}

function isAllVerified(files: LedgerFiles, root: string): boolean {
  const planned = plannedChunks(files, root);
  const { chunks } = readClaims(files, root);
  return (
    planned.size > 0 &&
    [...planned.keys()].every((chunk) => isVerified(chunks.get(chunk) ?? { attempt: 0, stages: new Set() }))
  );
}
