import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OutsidePoint } from '@lakehaul/core';
import { expect, it } from 'vitest';

/** Kinds of fault at a call to the outside. `late`: the effect lands past later attempts. */
type Kind = 'error by class' | 'cut before the work' | 'answer lost' | 'late';
/** A test that does it, or the reason why there is none. */
type Cell = { test: string } | { reason: string };

const explorer: Cell = { test: 'test/explore/two-workers.sandbox.test.ts' };
const random: Cell = { test: 'test/faults/model-schedules.test.ts' };
const drivers: Cell = { test: 'test/faults/random-schedules.sandbox.test.ts' };
const reads: Cell = { reason: 'a read leaves nothing behind: an answer lost or late is one that never came' };
const errorsOf = (system: string): Cell => ({ test: `packages/adapters/src/${system}/errors.test.ts` });
const reading = (error: Cell = random): Record<Kind, Cell> => ({
  'error by class': error,
  'cut before the work': explorer,
  'answer lost': reads,
  late: reads,
});
const changing: Record<Kind, Cell> = {
  'error by class': random,
  'cut before the work': explorer,
  'answer lost': explorer,
  late: explorer,
};
const notInAStep = (why: string, error: Cell): Record<Kind, Cell> => ({
  'error by class': error,
  'cut before the work': { reason: why },
  'answer lost': { reason: why },
  late: { reason: why },
});

/** What a bucket says about itself: nothing else asks. */
const ofDoctor = notInAStep('asked by doctor alone, where a setting that is not told is not known', {
  test: 'packages/adapters/src/s3/bucket-settings.sandbox.test.ts',
});

const COVERAGE: Partial<Record<OutsidePoint, Record<Kind, Cell>>> = {
  's3.PutObject': changing,
  's3.GetObject': reading(),
  's3.HeadObject': reading(),
  's3.ListObjectsV2': reading(),
  's3.HeadBucket': reading(),
  's3.DeleteObjects': notInAStep('only the stage of a proven chunk is deleted, and again if it failed', {
    test: 'services/verifier/src/clean-stage.test.ts',
  }),
  's3.GetBucketEncryption': ofDoctor,
  's3.GetBucketLifecycleConfiguration': ofDoctor,
  's3.GetBucketPolicy': ofDoctor,
  's3.GetBucketPolicyStatus': ofDoctor,
  's3.GetBucketVersioning': ofDoctor,
  's3.GetObjectLockConfiguration': ofDoctor,
  's3.GetPublicAccessBlock': ofDoctor,
  'redshift.BatchExecuteStatement': changing,
  'redshift.DescribeStatement': reading(),
  'redshift.ListStatements': reading(),
  'redshift.GetStatementResult': reading(),
  'redshift.CancelStatement': notInAStep('a person cancels, no step does', errorsOf('redshift')),
  'databricks.write': changing,
  'databricks.history': reading(),
  'databricks.read': reading(drivers),
  'databricks.OpenSession': notInAStep('a session more or less changes no table', {
    test: 'packages/adapters/src/databricks/session-pool.test.ts',
  }),
  'databricks.token': notInAStep('before any work; a refusal stops the run', errorsOf('databricks')),
  'databricks.warehouse': notInAStep('asked by doctor and at the start', errorsOf('databricks')),
};

function sourcesUnder(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : sourcesUnder(path);
    return path.endsWith('.ts') && !path.endsWith('.test.ts') ? [path] : [];
  });
}

function pointsIn(source: string): string[] {
  const named = [...source.matchAll(/'((?:s3|redshift|databricks|queue)\.[A-Za-z]\w*)'/g)].map(
    (match) => match[1] ?? '',
  );
  const sent = [...source.matchAll(/#send\(\s*'(\w+)'/g)].map((match) => `redshift.${match[1]}`);
  return [...named, ...sent];
}

it('every point at which a call leaves the process has its faults tried, or a reason why not', () => {
  const files = sourcesUnder('packages/adapters/src');
  const points = new Set(files.flatMap((file) => pointsIn(readFileSync(file, 'utf8'))));
  expect(points.size).toBeGreaterThan(15);
  expect([...points].sort()).toEqual(Object.keys(COVERAGE).sort());
});

it('a new point is seen', () => {
  expect(pointsIn(`outside('queue.add', call); this.#send('Cancel', id)`)).toEqual(['queue.add', 'redshift.Cancel']);
});

it('the tests that the table names are there', () => {
  for (const row of Object.values(COVERAGE))
    for (const cell of Object.values(row ?? {})) {
      if ('test' in cell) expect(existsSync(cell.test), cell.test).toBe(true);
      else expect(cell.reason.length).toBeGreaterThan(20);
    }
});
