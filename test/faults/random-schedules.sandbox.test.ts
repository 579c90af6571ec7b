import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { driver } from '../support/drive.ts';
import { seedOf } from '../support/seed.ts';
import { smallTable } from '../support/small-table.ts';
import { startWorld, type World } from '../support/world.ts';

/** Whatever fails whenever: the end is equal, or says which chunk is not and why. Never proven and unequal (I2, I3, I11). */
let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const ROWS = 60;
const LIVE_ROWS = 3;

const POINTS = [
  'redshift.BatchExecuteStatement',
  'redshift.DescribeStatement',
  'redshift.GetStatementResult',
  'redshift.ListStatements',
  'redshift.statement',
  'redshift.unload',
  's3.PutObject',
  's3.GetObject',
  's3.ListObjectsV2',
  'databricks.ExecuteStatement',
  'databricks.copy.commit',
  'databricks.insert.commit',
] as const;

const happens = fc.oneof(
  fc.constant({ kind: 'answer-lost' } as const),
  fc.constant({ kind: 'cut-before' } as const),
  fc.constant({ kind: 'error', code: 'InternalServerError', status: 500 } as const),
  fc.record({ kind: fc.constant('delay' as const), ms: fc.integer({ min: 1, max: 60 }) }),
);
const schedule = fc.array(
  fc.record({ point: fc.constantFrom(...POINTS), nth: fc.integer({ min: 1, max: 6 }), happens }),
  { minLength: 1, maxLength: 5 },
);

it('any schedule of faults ends equal, or says which chunk is not proven and why', async () => {
  let proven = 0;
  await fc.assert(
    fc.asyncProperty(schedule, async (plan) => {
      const table = await smallTable(world, {
        rows: ROWS,
        change: (config) => ({ ...config, attempts: { ...config.attempts, max: 3, failuresPerAttempt: 3 } }),
      });
      // Live rows that came by another path: nobody may touch them.
      for (let id = 0; id < LIVE_ROWS; id++)
        await world.databricks.run(`INSERT INTO ${table.target} (id, name) VALUES (${id}, 'live ${id}')`);
      world.clouds.faults.set(plan);
      const fleet = driver(table.session);
      // What breaks the driver itself (a reading of the ledger, say) is what ends a process; another one takes over.
      await fleet.drive({ maxPasses: 12 }).catch(() => undefined);
      world.clouds.faults.set([]);
      const report = await driver(table.session, 'successor').drive();

      const judged = await world.judge({ schema: 'f', table: table.name });
      const [status] = report.tables;
      if (report.decision.evidence === 'PASS') {
        proven++;
        expect(judged).toEqual({ sourceRows: 60n, targetRows: 60n, missing: 0n, extra: 0n });
      } else {
        expect(status?.quarantinedChunks).toEqual([0]);
        const trail = await table.session.ledger.trail(table.ref);
        const last = trail.find((each) => each.stage === 'quarantined');
        expect(last?.body).toMatchObject({
          code: expect.stringMatching(/^[A-Z_]+$/),
          message: expect.stringMatching(/./),
        });
        expect(judged.extra).toBe(0n);
      }
      const live = await world.databricks.run(`SELECT name FROM ${table.target} WHERE _lakehaul IS NULL ORDER BY id`);
      expect(live.rows).toEqual([['live 0'], ['live 1'], ['live 2']]);
    }),
    {
      seed: seedOf('random schedules'),
      numRuns: 12,
      interruptAfterTimeLimit: 60_000,
      markInterruptAsFailure: false,
      endOnFailure: true,
    },
  );
  expect(proven).toBeGreaterThan(0);
});
