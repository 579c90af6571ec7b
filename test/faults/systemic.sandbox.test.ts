import { must } from '@lakehaul/core';
import type { Session } from '@lakehaul/fleet';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { commandLine } from '../support/command.ts';
import { driver, planAll } from '../support/drive.ts';
import { losing } from '../support/losing.ts';
import { startWorld, type World } from '../support/world.ts';

/**
 * One cause, many chunks: the table is stopped after a few of them and the cause is named; the other tables go on. A chance
 * difference is repaired. Then a person mends the cause, lifts the stop and replays.
 */
let world: World;
let number = 0;
const CHUNKS = 30;

beforeAll(async () => {
  world = await startWorld();
  await world.redshift.run('CREATE SCHEMA "g"');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await world[Symbol.asyncDispose]();
});

/** Two tables of 30 chunks and of a few. */
async function twoTables(
  attempts = 2,
  chunkBytes = '256KiB',
): Promise<{ session: Session; shifted: string; calm: string }> {
  number += 1;
  const [shifted, calm] = [`shifted${number}`, `calm${number}`];
  for (const [name, rows] of [
    [shifted, 300],
    [calm, 40],
  ] as const) {
    await world.redshift.run(`CREATE TABLE "g"."${name}" (id integer, name varchar(40), at timestamp) SORTKEY (id)`);
    const values = Array.from({ length: rows }, (_, id) => `(${id}, 'name ${id}', TIMESTAMP '2026-03-01 00:00:00')`);
    await world.redshift.run(`INSERT INTO "g"."${name}" VALUES ${values.join(', ')}`);
  }
  const session = await world.session(
    world.config(
      {
        include: [`g.${shifted}`, `g.${calm}`],
        defaults: { level: 'carried' },
        overrides: [{ match: `g.${shifted}`, key: 'id', chunkBytes }],
      },
      {
        migration: `g${number}`,
        change: (config) => ({ ...config, attempts: { ...config.attempts, max: attempts } }),
      },
    ),
  );
  return { session, shifted, calm };
}

/** The target's data path moves `at` by an hour in whatever is loaded into the table while `isOn()`. */
function shifting(session: Session, table: string, isOn: (chunk: number) => boolean): Session {
  const { target } = session.clouds;
  const shift = async (lineage: string, chunk: number) => {
    if (isOn(chunk))
      await world.databricks.run(
        `UPDATE \`main\`.\`g\`.\`${table}\` SET at = at + INTERVAL 1 HOUR WHERE _lakehaul = ${lineage}`,
      );
  };
  const load = (name: 'copy' | 'replace') => async (request: Parameters<typeof target.copy>[0]) => {
    const answer = await target[name](request);
    const lineage = ((BigInt(request.chunk) << 16n) + BigInt(request.attempt)).toString();
    if (request.plan.source.table === table) await shift(lineage, request.chunk);
    return answer;
  };
  const shifted = { ...target, copy: load('copy'), replace: load('replace') };
  return { ...session, clouds: { ...session.clouds, target: shifted } };
}

describe('a cause that every chunk has', () => {
  it('stops its table after a few chunks, names the column and the offset, and lets the other table end', async () => {
    const { session, shifted, calm } = await twoTables(2, '40KiB');
    let isBroken = true;
    const broken = shifting(session, shifted, () => isBroken);
    const plans = await planAll(broken);
    expect(
      must(
        plans.find((plan) => plan.source.table === shifted),
        'plan',
      ).chunkCount,
    ).toBeGreaterThanOrEqual(CHUNKS);
    const report = await driver(broken).drive({ batch: 6, isGuarded: true, maxPasses: 200 });
    const stopped = must(
      report.tables.find((table) => table.table === `g.${shifted}`),
      'shifted',
    );
    const other = must(
      report.tables.find((table) => table.table === `g.${calm}`),
      'calm',
    );
    expect(stopped.stop).toMatchObject({
      code: 'SYSTEMIC_CAUSE',
      reason: expect.stringMatching(/column at: .*\+01:00/),
    });
    expect(stopped.stages.verified).toBe(0);
    // Few were touched: the others never had an attempt.
    expect(stopped.stages.planned).toBeGreaterThan(CHUNKS / 2);
    expect(other.done).toBe(other.chunks);
    expect(report.decision.evidence).toBe('FAIL');
    expect(report.decision.reasons[0]?.code).toBe('SYSTEMIC_CAUSE');

    // What the command line says of it, and does about it.
    const lakehaul = commandLine(world, session.config);
    const tables = await lakehaul.json(['tables']);
    expect(tables).toMatchObject({
      tables: expect.arrayContaining([expect.objectContaining({ stop: expect.anything() })]),
    });
    isBroken = false;
    const dry = await lakehaul.json(['tables', 'resume', shifted, '--dry-run']);
    expect(dry).toMatchObject({ isDryRun: true, reopened: 0 });
    expect((await lakehaul.run(['tables', 'resume', shifted])).status).toBe(2);
    const resumed = await lakehaul.json(['tables', 'resume', shifted, '--reason', 'zone mended', '--who', 'A. Person']);
    expect(resumed).toMatchObject({ isDryRun: false, steps: (dry as { steps: string[] }).steps });

    const filter = ['replay', '--table', shifted, '--stage', 'mismatched', '--code', 'HASH_MISMATCH'];
    const planned = (await lakehaul.json([...filter, '--dry-run'])) as { chunks: { chunk: string }[] };
    const listed = (await lakehaul.json(['chunks', shifted, '--stage', 'mismatched'])) as { chunks: unknown[] };
    expect(planned.chunks).toHaveLength(listed.chunks.length);
    const replayed = (await lakehaul.json([...filter, '--reason', 'zone mended'])) as { chunks: unknown[] };
    expect(replayed.chunks).toEqual(planned.chunks);
    // The replayed chunks come first; the rest of the table is as any other.
    const names = planned.chunks.map(({ chunk }) => `${shifted}/${chunk.split('/').at(-1)}`);
    const isProven = (stages: Map<string, string>) => names.every((name) => stages.get(name) === 'verified');
    const end = await driver(session).drive({ isGuarded: true, batch: 6, until: isProven, maxPasses: 40 });
    const after = must(
      end.tables.find((table) => table.table === `g.${shifted}`),
      'shifted',
    );
    expect([after.stages.quarantined, after.stages.mismatched]).toEqual([0, 0]);
    expect(names.length).toBeGreaterThanOrEqual(5);
    expect(after.done).toBeGreaterThanOrEqual(names.length);
    expect(after.stop).toBeNull();
  }, 180_000);

  it('its twin: one chunk that differs by chance is repaired, and the table goes on', async () => {
    const { session, shifted } = await twoTables(5);
    let chances = 1;
    const report = await (async () => {
      const unlucky = shifting(session, shifted, (chunk) => chunk === 2 && chances-- > 0);
      await planAll(unlucky);
      return driver(unlucky).drive({ isGuarded: true });
    })();
    expect(report.decision.evidence).toBe('PASS');
    expect(report.tables.map((table) => [table.stop, table.repaired])).toContainEqual([null, 1]);
    expect(await session.ledger.stops.all()).toEqual(new Map());
  }, 180_000);

  it('is named by the source itself when the UNLOAD loses it before the stage', async () => {
    const { session, shifted } = await twoTables();
    await using source = losing(world, session.clouds.source, 'c2', (wire) => `LEFT(${wire}, 5)`);
    const lossy: Session = { ...session, clouds: { ...session.clouds, source } };
    await planAll(lossy);
    await driver(lossy).drive({ batch: 6, isGuarded: true, maxPasses: 200 });
    const stops = [...(await session.ledger.stops.all()).values()];
    const stop = must(
      stops.find((halt) => halt.tableId.includes(shifted)),
      'stop',
    ).stop;
    expect(stop?.reason).toMatch(/loss in the UNLOAD of column name \(character varying\(40\)\), before the stage/);
    expect(stop?.evidence.length).toBeGreaterThanOrEqual(3);
  }, 180_000);
});

describe('a quarantined chunk', () => {
  it('is accepted as it is by a person who types its name: never verified, sealed, and told by the gate', async () => {
    const { session, shifted } = await twoTables(1);
    const broken = shifting(session, shifted, (chunk) => chunk === 3);
    await planAll(broken);
    const before = await driver(broken).drive({ isGuarded: true });
    expect(before.decision.reasons.map((reason) => reason.code)).toContain('CHUNKS_QUARANTINED');
    const lakehaul = commandLine(world, session.config);
    const [chunk] = ((await lakehaul.json(['chunks', '--stage', 'quarantined'])) as { chunks: { chunk: string }[] })
      .chunks;
    const name = must(chunk, 'quarantined chunk').chunk;
    const why = ['--reason', 'known shift, ticket 4711', '--who', 'A. Person'];
    expect((await lakehaul.run(['accept', name.replace(/\d+$/, '4'), ...why])).status).toBe(3);
    expect((await lakehaul.run(['accept', name, ...why])).status).toBe(2);
    const dry = await lakehaul.json(['accept', name, ...why, '--dry-run']);
    const done = await lakehaul.json(['accept', name, ...why, '--confirm', name]);
    expect({ ...(done as object), isDryRun: true }).toEqual(dry);
    const report = await driver(session).drive({ isGuarded: true });
    const table = must(
      report.tables.find((each) => each.table === `g.${shifted}`),
      'table',
    );
    expect(table.stages).toMatchObject({ accepted: 1, quarantined: 0, verified: table.chunks - 1 });
    expect(table.seal?.isSealed).toBe(true);
    expect(report.decision.evidence).toBe('FAIL');
    expect(report.decision.reasons[0]).toMatchObject({
      code: 'CHUNKS_ACCEPTED',
      reason: expect.stringContaining('1 chunk taken'),
    });
    expect(report.decision.reasons.map((reason) => reason.code)).not.toContain('NOT_SEALED');

    // The twin: the seal holds the target to what was accepted.
    await world.databricks.run(`DELETE FROM \`main\`.\`g\`.\`${shifted}\` WHERE _lakehaul = 196609 AND id % 2 = 0`);
    const sealed = (await lakehaul.json(['seal', shifted])) as {
      seals: { isSealed: boolean; faults: { kind: string }[] }[];
    };
    expect(sealed.seals[0]?.isSealed).toBe(false);
    expect(sealed.seals[0]?.faults.map((fault) => fault.kind)).toContain('count');
  }, 180_000);
});
