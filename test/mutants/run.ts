/**
 * `npm run mutants [-- NAME…] [--json] [--again]`: plants each bug in a copy of the tree, runs the tests that must catch it,
 * and tells which one did. What was found before and has not changed since is not planted again;
 * when every bug has its result, docs/mutants.md is written.
 * Exit: 0 all caught, 1 a bug could not be planted or a test fails without one, 2 usage, 4 a bug that nothing catches.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MUTANTS } from './list/index.ts';
import { type Mutant, projectOf } from './mutant.ts';
import { mutantsPage, PAGE } from './page.ts';
import { keyOf, type MutantResult, readState, type State, writeState } from './results.ts';
import { type Ended, runTestFiles } from './run-tests.ts';
import { copyTree, filesOf, type TreeCopy, treeDigest } from './tree.ts';

const ROOT = join(import.meta.dirname, '..', '..');

function wanted(names: readonly string[]): Mutant[] {
  if (names.length === 0) return [...MUTANTS];
  const chosen = names.map((name) => MUTANTS.find((each) => each.name === name));
  const unknown = names.filter((_, index) => chosen[index] === undefined);
  if (unknown.length > 0) {
    console.error(`no such mutant: ${unknown.join(', ')}\nknown: ${MUTANTS.map((each) => each.name).join(', ')}`);
    process.exit(2);
  }
  return chosen.filter((each) => each !== undefined);
}

/** Planted nothing: a test file that fails now would seem to catch everything. All of a project in one go. */
async function refuseFailing(tree: TreeCopy, state: State, files: readonly string[]): Promise<void> {
  for (const project of ['unit', 'sandbox', 'fleet'] as const) {
    const fresh = [...new Set(files)].filter((file) => projectOf(file) === project && !state.passing.includes(file));
    if (fresh.length === 0) continue;
    const ended = await runTestFiles(tree.directory, fresh);
    if (ended.how !== 'passed')
      throw new Error(
        `a test does not pass without a bug planted: ${ended.how === 'failed' ? ended.test : ended.reason}`,
      );
    state.passing.push(...fresh);
  }
}

async function hunt(tree: TreeCopy, mutant: Mutant): Promise<MutantResult> {
  const startedMs = performance.now();
  const on = new Date().toISOString().slice(0, 10);
  const seconds = () => Math.round((performance.now() - startedMs) / 100) / 10;
  const about = { name: mutant.name, key: keyOf(tree.directory, mutant), on };
  for (const file of mutant.tests) {
    let ended: Ended;
    {
      using _ = tree.plant(mutant.edits);
      ended = await runTestFiles(tree.directory, [file]);
    }
    if (ended.how === 'broken')
      throw new Error(`${mutant.name}: ${file} could not run with the bug planted:\n${ended.reason}`);
    if (ended.how === 'failed')
      return { ...about, isCaught: true, caughtBy: { file, test: ended.test }, seconds: seconds() };
  }
  return { ...about, isCaught: false, caughtBy: null, seconds: seconds() };
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean' }, again: { type: 'boolean' } },
  });
  const mutants = wanted(positionals);
  const digest = treeDigest(ROOT, filesOf(ROOT));
  const state = readState(ROOT, digest);
  const results = new Map<string, MutantResult>();
  for (const known of state.results) {
    const still = MUTANTS.find((mutant) => mutant.name === known.name);
    if (still !== undefined && keyOf(ROOT, still) === known.key) results.set(known.name, known);
  }
  const failures: string[] = [];
  if (values.again === true) for (const mutant of mutants) results.delete(mutant.name);
  using tree = copyTree(ROOT);
  const fresh = mutants.filter((mutant) => !results.has(mutant.name));
  await refuseFailing(
    tree,
    state,
    fresh.flatMap((mutant) => mutant.tests),
  );
  for (const mutant of mutants) {
    if (!results.has(mutant.name)) {
      try {
        results.set(mutant.name, await hunt(tree, mutant));
      } catch (error) {
        failures.push(`${mutant.name}: ${error instanceof Error ? error.message : String(error)}`);
        console.error(`FAILED    ${failures.at(-1)}`);
        continue;
      }
      writeState(ROOT, { ...state, results: [...results.values()] });
    }
    const found = results.get(mutant.name);
    const by = found?.caughtBy;
    if (values.json !== true)
      console.log(
        by === undefined || by === null
          ? `HOLE      ${mutant.name}: nothing catches it (${mutant.tests.join(', ')})`
          : `caught    ${mutant.name}\n          by ${by.test}\n          in ${by.file} (${found?.seconds} s)`,
      );
  }
  const shown = mutants.map((mutant) => results.get(mutant.name)).filter((each) => each !== undefined);
  const holes = shown.filter((each) => !each.isCaught).map((each) => each.name);
  const summary = { planted: shown.length, caught: shown.length - holes.length, holes, failures };
  console.log(JSON.stringify(values.json === true ? { ...summary, mutants: shown } : summary));
  if (failures.length === 0 && MUTANTS.every((mutant) => results.has(mutant.name)))
    writeFileSync(join(ROOT, PAGE), mutantsPage(MUTANTS, results));
  if (failures.length > 0) return 1;
  return holes.length > 0 ? 4 : 0;
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return 1;
});
