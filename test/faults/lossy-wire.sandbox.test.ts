import type { DifferenceReport } from '@lakehaul/adapters';
import { must } from '@lakehaul/core';
import type { Session } from '@lakehaul/fleet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { driver, haul, planAll } from '../support/drive.ts';
import { losing } from '../support/losing.ts';
import { startWorld, type World } from '../support/world.ts';

/**
 * The data path itself loses something: the UNLOAD's wire column is cut or rounded, the hashes beside it are those of the
 * source columns. Counts agree, files are whole; only the hashes can tell.
 */
let world: World;
let number = 0;
beforeAll(async () => {
  world = await startWorld();
  await world.redshift.run('CREATE SCHEMA "w"');
});
afterAll(() => world[Symbol.asyncDispose]());

const COLUMNS = 'id integer, name varchar(40), amount decimal(18,4), at timestamp, share double precision';

const values = (id: number) =>
  `(${id}, 'name ${id}', ${id}.1234, TIMESTAMP '2026-01-01 00:00:00.${100_000 + id}', CAST('${id / 7}' AS double precision))`;

async function lossyTable(
  columns = COLUMNS,
  row: (id: number) => string = values,
  override: Record<string, unknown> = {},
): Promise<{ name: string; session: Session }> {
  const name = `t${++number}`;
  await world.redshift.run(`CREATE TABLE "w"."${name}" (${columns}) SORTKEY (id)`);
  const rows = Array.from({ length: 60 }, (_, id) => row(id));
  await world.redshift.run(`INSERT INTO "w"."${name}" VALUES ${rows.join(', ')}`);
  const session = await world.session(
    world.config(
      { include: [`w.${name}`], defaults: { level: 'carried' }, overrides: [{ match: `w.${name}`, ...override }] },
      {
        migration: `w${number}`,
        change: (config) => ({ ...config, attempts: { ...config.attempts, max: 2 } }),
      },
    ),
  );
  return { name, session };
}

const LOSSES: readonly { what: string; alias: string; lose: (wire: string) => string }[] = [
  { what: 'a text that is cut', alias: 'c2', lose: (wire) => `LEFT(${wire}, 6)` },
  {
    what: 'a decimal that is rounded',
    alias: 'c3',
    lose: (wire) => `CAST(CAST(${wire} AS decimal(18,3)) AS decimal(18,4))`,
  },
  {
    what: 'microseconds that become milliseconds',
    alias: 'c4',
    lose: (wire) => `CAST(${wire} / 1000 AS bigint) * 1000`,
  },
  {
    what: 'a double that passes through a float',
    alias: 'c5',
    lose: (wire) => `CAST(CAST(${wire} AS real) AS double precision)`,
  },
];

describe('a wire expression that loses something', () => {
  it.each(LOSSES)(
    '$what: caught at the first proof, rows named by key, never proven, quarantined with the reason',
    async (loss) => {
      const { name, session } = await lossyTable();
      await using source = losing(world, session.clouds.source, loss.alias, loss.lose);
      const lossy: Session = { ...session, clouds: { ...session.clouds, source } };
      await planAll(lossy);
      const report = await driver(lossy).drive();
      expect(report.tables[0]).toMatchObject({ done: 0, quarantinedChunks: [0] });
      expect(report.tables[0]?.stages.verified).toBe(0);
      expect(report.decision.evidence).toBe('FAIL');

      const [plan] = await session.ledger.readPlans();
      const trail = await session.ledger.trail({ tableId: must(plan, 'plan').tableId, generation: 1, chunk: 0 });
      const mismatches = trail.filter((receipt) => receipt.stage === 'mismatched');
      expect(mismatches.map((receipt) => receipt.attempt)).toEqual([1, 2]);
      expect(trail.some((receipt) => receipt.stage === 'verified')).toBe(false);
      const quarantined = trail.find((receipt) => receipt.stage === 'quarantined');
      expect(quarantined?.body).toMatchObject({ code: 'ATTEMPTS_EXHAUSTED', next: expect.stringMatching(/./) });

      const first = must(mismatches[0], 'mismatch').body as { rowsKey: string | null; rowsSha256: string | null };
      const rows = JSON.parse(
        (await session.ledger.readDiff(must(first.rowsKey, 'named rows'), must(first.rowsSha256, 'digest'))) ?? '',
      ) as DifferenceReport;
      expect(BigInt(rows.changedRows)).toBeGreaterThan(0n);
      for (const row of rows.rows) {
        expect(row.kind).toBe('changed');
        // What was staged is what the target holds: the loss is before both, and only the travelled hash remembers.
        expect(row.columns).toEqual([]);
        expect(row.key['id']).toMatch(/^\d+$/);
      }
      expect((await world.judge({ schema: 'w', table: name })).missing).toBe(BigInt(rows.changedRows));
    },
  );

  it('that became VARIANT: the target is what was staged, and what was staged is not what was hashed', async () => {
    const { name, session } = await lossyTable(
      'id integer, doc super',
      (id) => `(${id}, JSON_PARSE('{"id":${id},"even":"${id % 2 === 0 ? 'YES' : 'no'}"}'))`,
      { super: 'variant', acknowledge: ['loss:doc'] },
    );
    // No quotes in it: the UNLOAD's query is quoted itself.
    const lose = (wire: string) => `LOWER(${wire})`;
    await using source = losing(world, session.clouds.source, 'c2', lose);
    const lossy: Session = { ...session, clouds: { ...session.clouds, source } };
    await planAll(lossy);
    const report = await driver(lossy).drive();
    expect(report.tables[0]).toMatchObject({ done: 0, quarantinedChunks: [0] });
    const [plan] = await session.ledger.readPlans();
    const trail = await session.ledger.trail({ tableId: must(plan, 'plan').tableId, generation: 1, chunk: 0 });
    expect(trail.some((receipt) => receipt.stage === 'verified')).toBe(false);
    const mismatched = must(
      trail.find((receipt) => receipt.stage === 'mismatched'),
      'mismatch',
    );
    expect(mismatched.body).toMatchObject({
      code: 'STAGE_MISMATCH',
      changedRows: '30',
      missingRows: '0',
      extraRows: '0',
      differences: expect.arrayContaining(['30 staged rows hold other values than the source hashed']),
    });
    expect((await world.judge({ schema: 'w', table: name })).missing).toBe(30n);
  });

  it('its twin: the same detour without a loss is proven', async () => {
    const { name, session } = await lossyTable();
    await using source = losing(world, session.clouds.source, 'c2', (wire) => wire);
    const report = await haul({ ...session, clouds: { ...session.clouds, source } });
    expect(report.decision.evidence).toBe('PASS');
    expect(await world.judge({ schema: 'w', table: name })).toMatchObject({ missing: 0n, extra: 0n, targetRows: 60n });
  });
});
