import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TYPE_TORTURE_SQL } from '../../packages/cli/src/demo/type-torture.ts';
import { haul } from '../support/drive.ts';
import { startWorld, type World } from '../support/world.ts';

/** Every type with its edge values, and real logs where they are at hand. */
let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const DATA = join(import.meta.dirname, '../../../shared/data');
const ZEEK = join(DATA, 'zeek-wrccdc');
const CLOUDTRAIL = join(DATA, 'cloudtrail-invictus');

it('every type and edge value of the type torture ends equal', async () => {
  for (const sql of TYPE_TORTURE_SQL) await world.redshift.run(sql);
  const session = await world.session(
    world.config(
      {
        include: ['types.*'],
        defaults: { level: 'full' },
        overrides: [{ match: 'types.type_torture', acknowledge: ['exclude:t_hllsketch'] }],
      },
      { migration: 'torture' },
    ),
  );
  const report = await haul(session);
  expect(report.decision.evidence).toBe('PASS');
  const rows = BigInt(TYPE_TORTURE_SQL.length - 3);
  const judged = await world.judge({ schema: 'types', table: 'type_torture', excluded: ['t_hllsketch'] });
  expect(judged).toEqual({ sourceRows: rows, targetRows: rows, missing: 0n, extra: 0n });
});

describe('real logs', () => {
  const files = existsSync(CLOUDTRAIL) ? readdirSync(CLOUDTRAIL).filter((name) => name.endsWith('.json')) : [];
  it(`CloudTrail, nested: ${files.length === 0 ? 'ABSENT, nothing to haul' : `${files.length} files end equal`}`, async () => {
    expect(files.length > 0).toBe(existsSync(CLOUDTRAIL));
    if (files.length === 0) return;
    const records = files.flatMap(
      (name) => (JSON.parse(readFileSync(join(CLOUDTRAIL, name), 'utf8')) as { Records: object[] }).Records,
    );
    const ndjson = join(world.directory, 'cloudtrail.ndjson');
    writeFileSync(ndjson, `${records.map((record) => JSON.stringify(record)).join('\n')}\n`);
    await world.redshift.run('CREATE SCHEMA "logs"');
    const { rowCount } = await world.clouds.load({ schema: 'logs', table: 'cloudtrail', files: [ndjson] });
    expect(rowCount).toBe(BigInt(records.length));
    const session = await world.session(
      world.config({ include: ['logs.*'], defaults: { level: 'full' } }, { migration: 'logs' }),
    );
    const report = await haul(session);
    expect(report.decision.evidence).toBe('PASS');
    expect(await world.judge({ schema: 'logs', table: 'cloudtrail' })).toEqual({
      sourceRows: rowCount,
      targetRows: rowCount,
      missing: 0n,
      extra: 0n,
    });
  });

  const zeek = existsSync(ZEEK) ? readdirSync(ZEEK).filter((name) => /\.(ndjson|json|jsonl)(\.gz)?$/.test(name)) : [];
  it(`Zeek, dotted keys: ${zeek.length === 0 ? 'ABSENT, nothing to haul' : `${zeek.length} logs end equal`}`, async () => {
    expect(zeek.length > 0).toBe(existsSync(ZEEK));
    for (const [index, name] of zeek.entries()) {
      const { rowCount } = await world.clouds.load({ schema: 'zeek', table: `log${index}`, files: [join(ZEEK, name)] });
      expect(rowCount).toBeGreaterThan(0n);
    }
    if (zeek.length === 0) return;
    const session = await world.session(
      world.config({ include: ['zeek.*'], defaults: { level: 'carried' } }, { migration: 'zeek' }),
    );
    expect((await haul(session)).decision.evidence).toBe('PASS');
    for (const index of zeek.keys())
      expect(await world.judge({ schema: 'zeek', table: `log${index}` })).toMatchObject({ missing: 0n, extra: 0n });
  });
});
