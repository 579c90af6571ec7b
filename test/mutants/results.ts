/** What was found, kept between runs so that a run can be stopped and gone on with. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Mutant } from './mutant.ts';

const result = z.object({
  name: z.string(),
  /** Of the bug, the files that it is planted in and its tests: another key, another answer. */
  key: z.string(),
  isCaught: z.boolean(),
  /** Test file and test that caught it; null in a hole. */
  caughtBy: z.object({ file: z.string(), test: z.string() }).nullable(),
  seconds: z.number(),
  /** Day of the run, UTC. */
  on: z.string(),
});
export type MutantResult = z.infer<typeof result>;

const state = z.object({
  schemaVersion: z.literal(1),
  /** Of the whole tree, in which these test files pass when nothing is planted. */
  tree: z.string(),
  passing: z.array(z.string()),
  results: z.array(result),
});
export type State = z.infer<typeof state>;

/** A bug whose own files are as they were keeps its result, so that a run goes on although the tree has moved elsewhere. */
export function keyOf(root: string, mutant: Mutant): string {
  const hash = createHash('sha256').update(JSON.stringify(mutant));
  for (const file of [...mutant.edits.map((edit) => edit.file), ...mutant.tests])
    hash.update(readFileSync(join(root, file)));
  return hash.digest('hex').slice(0, 16);
}

const path = (root: string) => join(root, '.lakehaul', 'mutants.json');

export function readState(root: string, tree: string): State {
  try {
    const read = state.parse(JSON.parse(readFileSync(path(root), 'utf8')));
    return read.tree === tree ? read : { ...read, tree, passing: [] };
  } catch {
    // Absent, or of another version: everything is found anew.
    return { schemaVersion: 1, tree, passing: [], results: [] };
  }
}

export function writeState(root: string, kept: State): void {
  mkdirSync(dirname(path(root)), { recursive: true });
  writeFileSync(path(root), JSON.stringify(kept, null, 2));
}
