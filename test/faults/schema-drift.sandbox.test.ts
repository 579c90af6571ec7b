import { isDone, must } from '@lakehaul/core';
import { readLedger } from '@lakehaul/fleet';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { commandLine } from '../support/command.ts';
import { driver, type haul } from '../support/drive.ts';
import { type SmallTable, smallTable } from '../support/small-table.ts';
import { startWorld, type World } from '../support/world.ts';

/** Somebody changes the table at the source while we haul: each kind does what its policy says, and nothing else. */
let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await world[Symbol.asyncDispose]();
});

/** A table of several chunks of which one is proven; then the change, then the planner's checks and the rest. */
async function changed(
  change: (name: string) => string[],
): Promise<{ table: SmallTable; report: Awaited<ReturnType<typeof haul>> }> {
  const table = await smallTable(world, { rows: 30, defaults: { level: 'carried' } });
  const first = await driver(table.session).drive({ isGuarded: true });
  expect(first.decision.evidence).toBe('PASS');
  for (const sql of change(table.name)) await world.redshift.run(sql);
  const report = await driver(table.session).drive({ isGuarded: true });
  return { table, report };
}

const STOPS: readonly { what: string; change: (name: string) => string[]; reason: RegExp; code?: string }[] = [
  {
    what: 'a column added',
    change: (t) => [`ALTER TABLE "f"."${t}" ADD COLUMN more integer`],
    reason: /column more integer is new/,
  },
  {
    what: 'a column dropped',
    change: (t) => [`ALTER TABLE "f"."${t}" DROP COLUMN name`],
    reason: /column name is gone/,
  },
  {
    what: 'a column renamed',
    change: (t) => [`ALTER TABLE "f"."${t}" RENAME COLUMN name TO label`],
    reason: /column name is label now/,
  },
  {
    what: 'a column of another type under the old name',
    change: (t) => [
      `ALTER TABLE "f"."${t}" ADD COLUMN wide bigint`,
      `ALTER TABLE "f"."${t}" DROP COLUMN name`,
      `ALTER TABLE "f"."${t}" RENAME COLUMN wide TO name`,
    ],
    reason: /column name was character varying\(40\) and is bigint now/,
  },
  {
    what: 'a VARCHAR made shorter',
    change: (t) => [`ALTER TABLE "f"."${t}" ALTER COLUMN name TYPE varchar(20)`],
    reason: /is character varying\(20\) now/,
  },
  { what: 'the table dropped', change: (t) => [`DROP TABLE "f"."${t}"`], reason: /does not exist any more/ },
  {
    what: 'the table renamed',
    change: (t) => [`ALTER TABLE "f"."${t}" RENAME TO ${t}_old`],
    reason: /it is f\.t\d+_old now/,
  },
  {
    what: 'a view in the table’s place',
    change: (t) => [
      `ALTER TABLE "f"."${t}" RENAME TO ${t}_old`,
      `CREATE VIEW "f"."${t}" AS SELECT id, name FROM "f"."${t}_old"`,
    ],
    reason: /it is f\.t\d+_old now/,
  },
  {
    what: 'another table swapped in by rename',
    change: (t) => [
      `CREATE TABLE "f"."${t}_new" (id integer, name varchar(40)) SORTKEY (id)`,
      `ALTER TABLE "f"."${t}" RENAME TO ${t}_old`,
      `ALTER TABLE "f"."${t}_new" RENAME TO ${t}`,
    ],
    reason: /the oid was \d+ and is \d+ now/,
  },
  {
    what: 'row-level security',
    change: (t) => [
      `CREATE RLS POLICY only_${t} WITH (id integer) USING (id = 1)`,
      `ATTACH RLS POLICY only_${t} ON "f"."${t}" TO PUBLIC`,
      `ALTER TABLE "f"."${t}" ROW LEVEL SECURITY ON`,
    ],
    reason: /row-level security policy is attached/,
    code: 'ROW_SECURITY',
  },
  {
    what: 'masking',
    change: (t) => [
      `CREATE MASKING POLICY stars_${t} WITH (name varchar(40)) USING ('***')`,
      `ATTACH MASKING POLICY stars_${t} ON "f"."${t}" (name) TO PUBLIC`,
    ],
    reason: /masking policy is attached/,
    code: 'ROW_SECURITY',
  },
];

describe('schema drift', () => {
  it.each(STOPS)(
    '$what stops the table with its reason; what stands in the target is told',
    async ({ change, reason, code }) => {
      const { report } = await changed(change);
      expect(report.tables[0]?.stop).toMatchObject({
        code: code ?? 'SCHEMA_DRIFT',
        reason: expect.stringMatching(reason),
        next: expect.stringMatching(/./),
      });
      expect(report.tables[0]?.stop?.reason).toMatch(/\d+ of \d+ chunks? stands? proven in main\.f\.t\d+/);
      expect(report.decision.evidence).toBe('FAIL');
      expect(report.decision.reasons[0]?.code).toBe(code ?? 'SCHEMA_DRIFT');
    },
  );

  it('its twin: a table that nobody changed is not stopped, however often it is looked at', async () => {
    const { report, table } = await changed((t) => [
      `INSERT INTO "f"."${t}" SELECT id, name FROM "f"."${t}" WHERE id < 0`,
    ]);
    expect(report.tables[0]?.stop).toBeNull();
    expect(await table.session.ledger.stops.all()).toEqual(new Map());
  });

  it('a longer VARCHAR is accepted, recorded, and later attempts are proven with the longer values', async () => {
    const { report, table } = await changed((t) => [`ALTER TABLE "f"."${t}" ALTER COLUMN name TYPE varchar(400)`]);
    expect(report.tables[0]?.stop).toBeNull();
    expect(await table.session.ledger.schemas.of(table.ref.tableId)).toMatchObject([
      { who: 'policy', replaces: false, drifts: [{ kind: 'length-widened', column: 'name' }] },
    ]);
    await world.redshift.run(`INSERT INTO "f"."${table.name}" VALUES (5, '${'long '.repeat(40)}x')`);
    await replayAll(table);
    const end = await driver(table.session).drive({ isGuarded: true });
    expect(end.decision.evidence).toBe('PASS');
    expect(await world.judge({ schema: 'f', table: table.name })).toMatchObject({
      missing: 0n,
      extra: 0n,
      targetRows: 31n,
    });
    expect(await table.session.ledger.schemas.of(table.ref.tableId)).toHaveLength(1);
  });

  it('without the acceptance the UNLOAD’s own check is the last line: nothing is proven', async () => {
    const { session, name, ref } = await smallTable(world, { rows: 10, defaults: { level: 'carried' } });
    await world.redshift.run(`ALTER TABLE "f"."${name}" ALTER COLUMN name TYPE varchar(400)`);
    const report = await driver(session).drive();
    expect(report.tables[0]?.done).toBe(0);
    const [trouble] = await session.ledger.troubles(ref);
    expect(trouble?.body.code).toBe('SOURCE_SCHEMA_CHANGED');
  });
});

describe('a policy between two looks of the watch', () => {
  it('is seen by the UNLOAD’s own transaction, and nothing of it is proven', async () => {
    const { session, name, ref } = await smallTable(world, { rows: 10, defaults: { level: 'carried' } });
    for (const sql of [
      `CREATE RLS POLICY brief_${name} WITH (id integer) USING (id = 1)`,
      `ATTACH RLS POLICY brief_${name} ON "f"."${name}" TO PUBLIC`,
      `ALTER TABLE "f"."${name}" ROW LEVEL SECURITY ON`,
    ])
      await world.redshift.run(sql);
    const hidden = await driver(session).drive();
    expect(hidden.tables[0]?.done).toBe(0);
    const troubles = await session.ledger.troubles(ref);
    expect(troubles.map((each) => [each.stage, each.body.code])).toEqual([['quarantined', 'ROW_SECURITY']]);
    // Nobody watched: what was unloaded meanwhile waits for a person, and is read anew.
    await world.redshift.run(`DETACH RLS POLICY brief_${name} ON "f"."${name}" FROM PUBLIC`);
    const lakehaul = commandLine(world, session.config);
    await lakehaul.json(['replay', '--table', name, '--stage', 'quarantined', '--reason', 'policy detached']);
    expect((await driver(session).drive()).decision.evidence).toBe('PASS');
  });
});

describe('accepting a drift', () => {
  it('of an added column goes on without it', async () => {
    const { table } = await changed((t) => [`ALTER TABLE "f"."${t}" ADD COLUMN more integer`]);
    const lakehaul = commandLine(world, table.session.config);
    const resume = ['tables', 'resume', table.name];
    const refused = await lakehaul.run([...resume, '--reason', 'seen']);
    expect([refused.status, refused.stderr.includes('SCHEMA_DRIFT')]).toEqual([3, true]);
    const accept = [...resume, '--accept-drift'];
    const dry = (await lakehaul.json([...accept, '--dry-run'])) as { steps: string[] };
    expect(dry.steps).toContain('accept column-added: column more integer is new');
    const done = (await lakehaul.json([...accept, '--reason', 'not needed', '--who', 'A. Person'])) as {
      steps: string[];
    };
    expect(done.steps).toEqual(dry.steps);
    expect(await table.session.ledger.schemas.of(table.ref.tableId)).toMatchObject([
      { who: 'A. Person', reason: 'not needed' },
    ]);
    await replayAll(table);
    const end = await driver(table.session).drive({ isGuarded: true });
    expect([end.decision.evidence, end.tables[0]?.stop]).toEqual(['PASS', null]);
  });

  it('of a swapped table reopens every chunk; not one proof of the old table stays', async () => {
    const { table } = await changed((t) => [
      `CREATE TABLE "f"."${t}_new" (id integer, name varchar(40)) SORTKEY (id)`,
      `INSERT INTO "f"."${t}_new" SELECT id, 'other ' || CAST(id AS varchar(10)) FROM "f"."${t}" WHERE id <> 3`,
      `ALTER TABLE "f"."${t}" RENAME TO ${t}_old`,
      `ALTER TABLE "f"."${t}_new" RENAME TO ${t}`,
    ]);
    const lakehaul = commandLine(world, table.session.config);
    const done = await lakehaul.json(['tables', 'resume', table.name, '--accept-drift', '--reason', 'deep copy']);
    const { plans, scan } = await readLedger(table.session.ledger);
    const plan = must(plans[0], 'plan');
    expect(done).toMatchObject({ reopened: plan.chunkCount });
    scan.forEach(plan, (_chunk, state) => expect(isDone(state)).toBe(false));
    const end = await driver(table.session).drive({ isGuarded: true });
    expect(end.decision.evidence).toBe('PASS');
    expect(await world.judge({ schema: 'f', table: table.name })).toMatchObject({
      missing: 0n,
      extra: 0n,
      targetRows: 29n,
    });

    // And back again: the old table is no longer the one that is proven.
    await world.redshift.run(`ALTER TABLE "f"."${table.name}" RENAME TO ${table.name}_newer`);
    await world.redshift.run(`ALTER TABLE "f"."${table.name}_old" RENAME TO ${table.name}`);
    const back = await driver(table.session).drive({ isGuarded: true });
    expect(back.tables[0]?.stop).toMatchObject({ code: 'SCHEMA_DRIFT' });
  });

  it('of a table whose rows are hidden is refused, whatever is asked', async () => {
    const { table } = await changed((t) => [
      `CREATE RLS POLICY mine_${t} WITH (id integer) USING (id = 1)`,
      `ATTACH RLS POLICY mine_${t} ON "f"."${t}" TO PUBLIC`,
      `ALTER TABLE "f"."${t}" ROW LEVEL SECURITY ON`,
    ]);
    const lakehaul = commandLine(world, table.session.config);
    const refused = await lakehaul.run(['tables', 'resume', table.name, '--accept-drift', '--reason', 'please']);
    expect([refused.status, refused.stderr.includes('ROW_SECURITY')]).toEqual([3, true]);
  });
});

async function replayAll(table: SmallTable): Promise<void> {
  const lakehaul = commandLine(world, table.session.config);
  await lakehaul.json(['replay', '--table', table.name, '--stage', 'verified', '--reason', 'again']);
}
