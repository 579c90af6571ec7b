import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DRILL_SCHEMA, makeDrillTable, targetName, writeDrillRows } from '../../packages/cli/src/drill/drill-table.ts';
import { ledgerFiles, openJudge } from '../../packages/cli/src/drill/judge.ts';
import { isSealed, isVerified, readClaims } from '../../packages/cli/src/drill/ledger-claims.ts';
import { LiveRows } from '../../packages/cli/src/drill/live-rows.ts';
import { openDatabricksSql } from '../../packages/cli/src/sandbox/sql-clients.ts';
import { haul } from '../support/drive.ts';
import { startWorld, type World } from '../support/world.ts';

/** The judge of the drills must ring: each thing that a drill could do to the rows is done here on purpose. */
const TABLE = 'judged';
const TARGET = targetName(TABLE);
const ROOT = 'ledger/judged';
let world: World;
let liveWritten = 0;

beforeAll(async () => {
  world = await startWorld();
  const file = await writeDrillRows(world.directory);
  await makeDrillTable({ clouds: world.clouds, databricks: world.databricks, table: TABLE, file });
  const live = new LiveRows(TARGET, () => openDatabricksSql(world.clouds));
  live.start();
  const tables = {
    include: [`${DRILL_SCHEMA}.${TABLE}`],
    defaults: { level: 'carried', chunkBytes: '512KiB' },
    overrides: [{ match: `${DRILL_SCHEMA}.${TABLE}`, acknowledge: ['adopt-target'] }],
  };
  await haul(await world.session(world.config(tables, { migration: 'judged' })));
  await live.stop();
  liveWritten = live.written;
});
afterAll(() => world[Symbol.asyncDispose]());

async function verdict() {
  await using judge = await openJudge(world.clouds, { schema: DRILL_SCHEMA, table: TABLE, ledgerRoot: ROOT });
  // Awaited here: a promise handed out would be worked on after the judge is closed.
  return await judge.verdict(liveWritten);
}

const EQUAL = { missing: 0n, extra: 0n };

describe('the judge of the drills', () => {
  it('calls a sound haul equal, live rows and all', async () => {
    const { chunks, unloadsSubmitted, unloaded, unloadsRepeated } = readClaims(ledgerFiles(world.clouds), ROOT);
    expect([...chunks.values()].every(isVerified)).toBe(true);
    expect(isSealed(ledgerFiles(world.clouds), ROOT)).toBe(true);
    expect({ unloadsSubmitted, unloaded, unloadsRepeated }).toEqual({
      unloadsSubmitted: chunks.size,
      unloaded: chunks.size,
      unloadsRepeated: 0,
    });
    expect(liveWritten).toBeGreaterThan(0);
    expect(await verdict()).toMatchObject({
      hauled: EQUAL,
      live: { ...EQUAL, sourceRows: BigInt(liveWritten) },
      falselyVerified: [],
    });
  });

  it('sees a lost row, and that its chunk is called verified', async () => {
    await world.databricks.run(`DELETE FROM ${TARGET} WHERE id = 300`);
    const seen = await verdict();
    expect(seen).toMatchObject({ hauled: { missing: 1n, extra: 0n }, live: EQUAL });
    expect(seen.falselyVerified).toHaveLength(1);
  });

  it('sees a row without a key doubled', async () => {
    const before = (await verdict()).hauled;
    await world.databricks.run(
      `INSERT INTO ${TARGET} (id, seen_at, name, amount, ratio, note, _lakehaul) SELECT id, seen_at, name, amount, ratio, note, _lakehaul FROM ${TARGET} WHERE id IS NULL AND name = 'name 7' AND _lakehaul IS NOT NULL LIMIT 1`,
    );
    const after = (await verdict()).hauled;
    expect(after.extra - before.extra).toBe(1n);
  });

  it('sees a row that is equal but lies in another chunk', async () => {
    const before = await verdict();
    await world.databricks.run(`UPDATE ${TARGET} SET _lakehaul = _lakehaul + 65536 WHERE id = 3`);
    const after = await verdict();
    expect(after.hauled).toEqual(before.hauled);
    expect(after.falselyVerified.length).toBeGreaterThan(before.falselyVerified.length);
  });

  it('sees a live row that was touched, and one that is gone', async () => {
    await world.databricks.run(`UPDATE ${TARGET} SET note = 'touched' WHERE name = 'live 1000000001'`);
    expect((await verdict()).live).toMatchObject({ missing: 1n, extra: 1n });
    await world.databricks.run(`DELETE FROM ${TARGET} WHERE name = 'live 1000000001'`);
    expect((await verdict()).live).toMatchObject({ missing: 1n, extra: 0n });
  });
});
