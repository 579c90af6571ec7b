/** A probe must say of each chunk exactly what a fingerprint of that chunk alone says, in far fewer scans. */
import type { KeyPart } from '@lakehaul/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AdapterClouds, startAdapterClouds } from '../../../../test/support/adapter-clouds.ts';
import { plannedColumn, plannedTable } from '../../../../test/support/planned-table.ts';
import { probeUnits } from './probe-sql.ts';

const LIMITS = { bytes: 100_000, perBatch: 40, sourceTimeoutMs: 60_000 };
const plan = plannedTable('probed', [
  plannedColumn('id', { kind: 'integer' }, 1),
  plannedColumn('name', { kind: 'varchar', maxBytes: 40 }, 2),
  plannedColumn('at', { kind: 'timestamp' }, 3),
]);

const range = (from: string | null, to: string | null, column = 'id'): KeyPart => ({ kind: 'range', column, from, to });
const nulls = (column = 'id'): KeyPart => ({ kind: 'null', column });
const hash = (bucket: number): KeyPart => ({ kind: 'hash', modulus: 3, bucket });

let clouds: AdapterClouds;
beforeAll(async () => {
  clouds = await startAdapterClouds();
  await clouds.execute([
    'CREATE TABLE public.probed (id integer, name varchar(40), at timestamp)',
    `INSERT INTO public.probed VALUES ${Array.from(
      { length: 60 },
      (_, n) => `(${n % 20}, 'name ${n % 7}', '2026-01-01 00:00:${String(n).padStart(2, '0')}')`,
    ).join(', ')}, (NULL, 'no key', NULL), (NULL, NULL, '2026-01-01 00:00:59')`,
  ]);
});
afterAll(() => clouds[Symbol.asyncDispose]());

const CUTS: [string, KeyPart[][], number][] = [
  [
    'ranges and the NULL keys, all in one scan',
    [[range(null, '5')], [range('5', '12')], [range('12', null)], [nulls()]],
    1,
  ],
  ['a part of the table, bounded', [[range('5', '12')], [range('12', '15')]], 1],
  ['neighbours that are not', [[range(null, '5')], [range('12', null)]], 2],
  [
    'a big value cut by the next column',
    [
      [range(null, '5')],
      [range('5', '6'), range(null, 'name 3', 'name')],
      [range('5', '6'), range('name 3', null, 'name')],
      [range('5', '6'), nulls('name')],
      [range('6', null)],
      [nulls()],
    ],
    1,
  ],
  [
    'a big value cut by hash',
    [[range(null, '5')], ...[0, 1, 2].map((bucket) => [range('5', '6'), hash(bucket)]), [range('6', null)], [nulls()]],
    4,
  ],
  ['a table without a key, by bucket', [0, 1, 2].map((bucket) => [hash(bucket)]), 1],
  ['a table in one piece', [[]], 1],
];

describe.each(CUTS)('%s', (_name, cuts, scans) => {
  it.each([
    ['joined', null],
    ['digest', { column: 'at', before: '2026-01-01 00:00:30' }],
  ] as const)('in form %s', async (hashForm, cutLine) => {
    const cut = { ...plan, cutLine };
    const chunks = cuts.map((parts, number) => ({ number: number + 7, parts }));
    const answer = await clouds.source.probe({ plan: cut, chunks, hashForm, hasHashes: true });
    expect(answer.scans).toBe(scans);
    expect(answer.strayRows).toBe('0');
    expect(answer.snapshotAt).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/);
    for (const { number, parts } of chunks)
      expect(answer.sums.get(number)).toEqual(await clouds.source.fingerprint(cut, { parts, cutLine }, hashForm));
  });
});

describe('a row too long to be joined', () => {
  const wide = plannedTable('wide', [
    plannedColumn('id', { kind: 'integer' }, 1),
    plannedColumn('a', { kind: 'varchar', maxBytes: 40_000 }, 2),
    plannedColumn('b', { kind: 'varchar', maxBytes: 40_000 }, 3),
  ]);
  const chunks = [
    { number: 3, parts: [range(null, '5')] },
    { number: 4, parts: [range('5', '6'), range(null, 'm', 'a')] },
    { number: 5, parts: [range('5', '6'), range('m', null, 'a')] },
    { number: 6, parts: [range('6', null)] },
  ];
  const probe = (hashForm: 'joined' | 'digest') =>
    clouds.source.probe({ plan: wide, chunks, hashForm, hasHashes: true });

  beforeAll(() =>
    clouds.execute([
      'CREATE TABLE public.wide (id integer, a varchar(40000), b varchar(40000))',
      'INSERT INTO public.wide SELECT id, name, name FROM public.probed WHERE id IS NOT NULL',
      "INSERT INTO public.wide VALUES (5, REPEAT('z', 33000), REPEAT('y', 33000))",
    ]),
  );

  it.each(['allow', 'fail'] as const)('%s: is found, and the other chunks are compared', async (behaviour) => {
    clouds.sandbox.redshiftSwitches.longConcatenation = behaviour;
    try {
      const answer = await probe('joined');
      expect([...answer.tooLong]).toEqual(behaviour === 'fail' ? [5] : []);
      expect(answer.strayRows).toBe('0');
      expect(answer.scans).toBe(behaviour === 'fail' ? 2 : 1);
      const counts = await clouds.querySource("SELECT COUNT(*)::varchar FROM public.wide WHERE id = 5 AND a >= 'm'");
      expect(answer.sums.get(5)?.rowCount).toBe(counts[0]?.[0]);
      for (const { number, parts } of chunks.filter((chunk) => chunk.number !== 5))
        expect(answer.sums.get(number)).toEqual(
          await clouds.source.fingerprint(wide, { parts, cutLine: null }, 'joined'),
        );
    } finally {
      clouds.sandbox.redshiftSwitches.longConcatenation = 'allow';
    }
  });

  it('is no hindrance column by column', async () => {
    clouds.sandbox.redshiftSwitches.longConcatenation = 'fail';
    try {
      const answer = await probe('digest');
      expect(answer.tooLong.size).toBe(0);
      expect(answer.scans).toBe(1);
    } finally {
      clouds.sandbox.redshiftSwitches.longConcatenation = 'allow';
    }
  });
});

it('tells of rows in its bounds that no chunk claims', async () => {
  const chunks = [{ number: 0, parts: [range(null, '5'), range(null, 'name 3', 'name')] }];
  const answer = await clouds.source.probe({ plan, chunks, hashForm: 'joined', hasHashes: false });
  expect(Number(answer.strayRows)).toBeGreaterThan(0);
});

it('keeps every statement below the limit, and needs few of them', () => {
  const edges = Array.from({ length: 1_000 }, (_, n) => String(n * 10));
  const chunks = edges.map((from, number) => ({ number, parts: [range(from, edges[number + 1] ?? null)] }));
  const units = (bytes: number) =>
    probeUnits({ plan, chunks, hashForm: 'joined', hasHashes: true }, { statements: { ...LIMITS, bytes } });
  expect(units(100_000).length).toBeLessThanOrEqual(3);
  for (const unit of units(10_000))
    for (const { sql } of unit.statements) expect(Buffer.byteLength(sql)).toBeLessThanOrEqual(10_000);
  expect(units(10_000).flatMap((unit) => unit.chunks.map((chunk) => chunk.number))).toEqual(
    chunks.map((chunk) => chunk.number),
  );
});

it('reads the clock, the writes of a window and how their transactions ended', async () => {
  const before = await clouds.source.clock();
  expect(before.seesAllStatements).toBe(true);
  const [[oid] = []] = await clouds.querySource(
    "SELECT CAST(CAST(oid AS BIGINT) AS VARCHAR) FROM pg_class WHERE relname = 'probed'",
  );
  await clouds.execute(["UPDATE public.probed SET name = 'x' WHERE id = 3"]);
  await clouds.execute(['DELETE FROM public.probed WHERE id = 4', 'SELECT 1 / 0']).catch(() => undefined);
  await clouds.execute(['CREATE TABLE public.probed_copy (id integer)', 'TRUNCATE public.probed_copy']);
  const { now } = await clouds.source.clock();
  const tables = [{ oid: oid ?? '', schema: 'public', table: 'probed' }];
  const sample = await clouds.source.sampleWrites({ from: before.now, to: now, tables, pending: [] });
  expect(sample.readAt > now).toBe(true);
  expect(sample.open).toEqual([]);
  expect(sample.displaced).toEqual([]);
  const renamed = {
    from: before.now,
    to: now,
    tables: [{ oid: oid ?? '', schema: 'public', table: 'was' }],
    pending: [],
  };
  expect((await clouds.source.sampleWrites(renamed)).displaced).toEqual([oid]);
  const seen = sample.writes.map((write) => [
    write.kind,
    write.knownFrom,
    sample.outcomes.get(write.transactionId)?.kind,
  ]);
  // TRUNCATE of a table whose name merely contains ours counts: one probe too many, never one too few.
  expect(seen.sort()).toEqual([
    ['delete', 'steps', 'rolled-back'],
    ['truncate', 'text', 'committed'],
    ['update', 'steps', 'committed'],
  ]);
});
