/** What the proof must see, on both local clouds: each kind of damage, named; and what replacing a chunk leaves alone. */
import { fingerprintDifferences, lineageOf, type RowPredicate, type SourceType, type TablePlan } from '@lakehaul/core';
import { combineFingerprints, emptyFingerprint } from '@lakehaul/fingerprint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AdapterClouds, startAdapterClouds, type Unloaded } from '../../../test/support/adapter-clouds.ts';
import { plannedColumn, plannedTable, quoted } from '../../../test/support/planned-table.ts';
import { quoteName, quoteTable } from './databricks/identifier.ts';
import { hashGroupsOf } from './redshift/wire.ts';

let clouds: AdapterClouds;
beforeAll(async () => {
  clouds = await startAdapterClouds();
});
afterAll(() => clouds?.[Symbol.asyncDispose]());

const EVERYTHING: RowPredicate = { parts: [], cutLine: null };

const COLUMNS: [string, SourceType][] = [
  ['id', { kind: 'integer' }],
  ['it\'s; a "name"', { kind: 'varchar', maxBytes: 100 }],
  ['amount', { kind: 'decimal', precision: 12, scale: 2 }],
  ['ratio', { kind: 'double' }],
  ['seen', { kind: 'timestamp' }],
];

/** Rows 1 … n at the source; some values are NULL. */
async function table(name: string, rows: number): Promise<TablePlan> {
  const plan = plannedTable(
    name,
    COLUMNS.map(([column, type], index) => plannedColumn(column, type, index + 1)),
  );
  const numbers = Array.from({ length: rows }, (_, index) => index + 1);
  const values = numbers.map(
    (i) =>
      `(${i}, ${i % 7 === 0 ? 'NULL' : `'name ${i} '`}, ${i}.50, CAST('${i / 3}' AS DOUBLE PRECISION), TIMESTAMP '2026-03-29 02:30:00.${String(i).padStart(6, '0')}')`,
  );
  await clouds.execute([
    `CREATE TABLE public.${quoted(name)} (id integer, ${quoted('it\'s; a "name"')} varchar(100), amount decimal(12,2), ratio double precision, seen timestamp)`,
    ...(rows > 0 ? [`INSERT INTO public.${quoted(name)} VALUES ${values.join(', ')}`] : []),
  ]);
  return plan;
}

async function haul(plan: TablePlan): Promise<Unloaded> {
  const unloaded = await clouds.unload({
    plan,
    predicate: EVERYTHING,
    hashForm: 'joined',
    level: 'full',
    buckets: null,
  });
  await clouds.target.prepare(clouds.target.renderPrepare(plan, await clouds.target.describe(plan.target)));
  await clouds.target.copy(unloaded.load);
  return unloaded;
}

async function proof({ load }: Unloaded, attempt = 1): Promise<string[]> {
  const version = await clouds.target.version(load.plan.target);
  const { plan, hashForm } = load;
  return fingerprintDifferences(
    { name: 'travelled', fingerprint: await clouds.target.carriedFingerprint(load) },
    { name: 'target', fingerprint: await clouds.target.fingerprint({ plan, hashForm, chunk: 0, attempt, version }) },
  );
}

async function differences({ load }: Unloaded, limit = 20) {
  const version = await clouds.target.version(load.plan.target);
  return clouds.target.differences({ ...load, version, limit });
}

describe('damage in the target', () => {
  it('is seen and named by key and column: changed, missing, extra and doubled rows', async () => {
    const plan = await table('damage', 50);
    const unloaded = await haul(plan);
    expect(await proof(unloaded)).toEqual([]);
    expect(await differences(unloaded)).toMatchObject({ missingRows: '0', extraRows: '0', changedRows: '0', rows: [] });

    const target = quoteTable(plan.target);
    const name = quoteName(COLUMNS[1]?.[0] ?? '');
    const lineage = lineageOf(0, 1);
    await clouds.queryTarget(`UPDATE ${target} SET ${name} = 'name 3' WHERE id = 3`);
    await clouds.queryTarget(`DELETE FROM ${target} WHERE id = 5`);
    await clouds.queryTarget(
      `INSERT INTO ${target} SELECT CAST(${lineage} AS BIGINT), 1000, 'extra', CAST(1 AS DECIMAL(12,2)), CAST(0 AS DOUBLE), CAST(NULL AS TIMESTAMP_NTZ)`,
    );
    await clouds.queryTarget(`INSERT INTO ${target} SELECT * FROM ${target} WHERE id = 9`);
    expect(await proof(unloaded)).not.toEqual([]);

    const report = await differences(unloaded);
    expect(report).toMatchObject({ missingRows: '1', extraRows: '2', changedRows: '1', isTruncated: false });
    const byKind = Object.fromEntries(report.rows.map((row) => [row.kind, row]));
    expect(byKind['changed']).toEqual({
      kind: 'changed',
      key: { id: '3' },
      columns: [{ name: COLUMNS[1]?.[0], source: 'name 3 ', target: 'name 3' }],
    });
    expect(byKind['missing']).toMatchObject({ key: { id: '5' } });
    expect(byKind['extra']).toMatchObject({ key: { id: '1000' } });
    expect(byKind['doubled']).toMatchObject({ key: { id: '9' } });
    expect(report.rows).toHaveLength(4);
  });

  it('is seen when two rows swap one value', async () => {
    const plan = await table('swap', 10);
    const unloaded = await haul(plan);
    const target = quoteTable(plan.target);
    await clouds.queryTarget(
      `UPDATE ${target} SET amount = CASE WHEN id = 1 THEN CAST(2.50 AS DECIMAL(12,2)) ELSE CAST(1.50 AS DECIMAL(12,2)) END WHERE id IN (1, 2)`,
    );
    expect(await proof(unloaded)).not.toEqual([]);
    expect(await differences(unloaded)).toMatchObject({ missingRows: '0', extraRows: '0', changedRows: '2' });
  });

  it('names no more rows than asked for, and says so', async () => {
    const plan = await table('many', 30);
    const unloaded = await haul(plan);
    await clouds.queryTarget(`DELETE FROM ${quoteTable(plan.target)} WHERE id > 10`);
    const report = await differences(unloaded, 5);
    expect(report).toMatchObject({ missingRows: '20', isTruncated: true });
    expect(report.rows.map((row) => row.key['id'])).toHaveLength(5);
  });

  it('is mended by a replacement that touches no live row and no other chunk', async () => {
    const plan = await table('mended', 20);
    const unloaded = await haul(plan);
    const target = quoteTable(plan.target);
    const other = lineageOf(7, 1);
    await clouds.queryTarget(`INSERT INTO ${target} (id, amount) VALUES (5000, CAST(1 AS DECIMAL(12,2)))`);
    await clouds.queryTarget(
      `INSERT INTO ${target} (${quoteName('_lakehaul')}, id) SELECT CAST(${other} AS BIGINT), 6000`,
    );
    await clouds.queryTarget(`DELETE FROM ${target} WHERE id = 5`);
    const load = { ...unloaded.load, attempt: 2 };
    expect((await clouds.target.replace(load)).insertedRows).toBe('20');
    expect(await proof({ ...unloaded, load }, 2)).toEqual([]);
    const version = await clouds.target.version(plan.target);
    expect(await clouds.target.lineageCounts(plan.target, version)).toEqual(
      expect.arrayContaining([
        { lineage: lineageOf(0, 2), rowCount: '20' },
        { lineage: other, rowCount: '1' },
      ]),
    );
    expect(await clouds.target.countLineages(plan, 0, version)).toEqual([{ lineage: lineageOf(0, 2), rowCount: '20' }]);
    const live = await clouds.queryTarget(
      `SELECT CAST(count(*) AS STRING) AS n FROM ${target} WHERE _lakehaul IS NULL`,
    );
    expect(live).toEqual([{ n: '1' }]);

    await clouds.target.deleteChunk({ ...load, attempt: 3 });
    const after = await clouds.target.version(plan.target);
    expect(await clouds.target.countLineages(plan, 0, after)).toEqual([]);
    expect(await clouds.target.lineageCounts(plan.target, after)).toEqual([{ lineage: other, rowCount: '1' }]);
  });
});

describe('a chunk', () => {
  it('of no rows has the empty fingerprint', async () => {
    const plan = await table('empty', 0);
    const { answer, load } = await clouds.unload({
      plan,
      predicate: EVERYTHING,
      hashForm: 'joined',
      level: 'full',
      buckets: null,
    });
    expect(answer.counts).toEqual([{ bucket: null, rowCount: '0', maxRowBytes: '0' }]);
    expect(answer.fingerprints).toEqual([{ bucket: null, fingerprint: emptyFingerprint(1) }]);
    expect(load.fileNames).toEqual([]);
  });

  it('loses nothing between ranges, the NULL part and the cut line', async () => {
    const plan = await table('ranges', 40);
    const [name] = [COLUMNS[1]?.[0] ?? ''];
    const cutLine = { column: 'seen', before: '2026-03-29 02:30:00.000031' };
    const parts: RowPredicate['parts'][] = [
      [{ kind: 'range', column: name, from: null, to: "name 2'\\" }],
      [{ kind: 'range', column: name, from: "name 2'\\", to: 'name 30' }],
      [{ kind: 'range', column: name, from: 'name 30', to: null }],
      [{ kind: 'null', column: name }],
    ];
    const whole = await clouds.source.fingerprint(plan, { parts: [], cutLine }, 'joined');
    expect(whole.rowCount).toBe('30');
    const pieces = await Promise.all(
      parts.map((part) => clouds.source.fingerprint(plan, { parts: part, cutLine }, 'joined')),
    );
    expect(pieces.every((piece) => piece.rowCount !== '0')).toBe(true);
    expect(pieces.reduce(combineFingerprints)).toEqual(whole);
  });

  it('cut by hash buckets is the same whether it comes by the shared scan or alone, in either form', async () => {
    const plan = await table('buckets', 60);
    const shared = await clouds.unload({
      plan,
      predicate: EVERYTHING,
      hashForm: 'joined',
      level: 'full',
      buckets: 4,
    });
    const whole = await clouds.source.fingerprint(plan, EVERYTHING, 'joined');
    expect(shared.answer.counts.reduce((sum, count) => sum + BigInt(count.rowCount), 0n)).toBe(60n);
    expect(shared.answer.fingerprints.map((entry) => entry.fingerprint).reduce(combineFingerprints)).toEqual(whole);
    const predicate: RowPredicate = { parts: [{ kind: 'hash', modulus: 4, bucket: 2 }], cutLine: null };
    const alone = await clouds.unload({ plan, predicate, hashForm: 'joined', level: 'full', buckets: null });
    expect(alone.answer.fingerprints[0]?.fingerprint).toEqual(
      shared.answer.fingerprints.find((entry) => entry.bucket === 2)?.fingerprint,
    );
    const digest = await clouds.unload({ plan, predicate, hashForm: 'digest', level: 'carried', buckets: null });
    expect(digest.answer.counts[0]?.rowCount).toBe(alone.answer.counts[0]?.rowCount);

    // The files of one bucket of the shared scan, as its own chunk loads them.
    await clouds.target.prepare(clouds.target.renderPrepare(plan, null));
    const fileNames = shared.load.fileNames.filter((file) => file.startsWith('lakehaul_bucket=2/'));
    const load = { ...shared.load, chunk: 2, fileNames };
    await clouds.target.copy(load);
    const version = await clouds.target.version(plan.target);
    const target = await clouds.target.fingerprint({ plan, hashForm: 'joined', chunk: 2, attempt: 1, version });
    expect(target).toEqual(alone.answer.fingerprints[0]?.fingerprint);
    expect(await clouds.target.carriedFingerprint(load)).toEqual(target);
    await clouds.target.replace({ ...load, attempt: 2 });
    const replaced = await clouds.target.version(plan.target);
    expect(
      await clouds.target.fingerprint({ plan, hashForm: 'joined', chunk: 2, attempt: 2, version: replaced }),
    ).toEqual(target);
  });
});

describe('a table of 1,600 columns', () => {
  it('goes through in statements below the limit, all its hash groups proven', async () => {
    const kinds: SourceType[] = [{ kind: 'integer' }, { kind: 'bigint' }, { kind: 'varchar', maxBytes: 20 }];
    const columns = Array.from({ length: 1600 }, (_, index) =>
      plannedColumn(`column_${index + 1}`, kinds[index % 3] as SourceType, index + 1),
    );
    const plan = plannedTable('wide', columns);
    const ddl = columns.map(({ source }, index) => `${source.name} ${['integer', 'bigint', 'varchar(20)'][index % 3]}`);
    const row = (seed: number) =>
      columns.map((_, index) =>
        index % 11 === seed ? 'NULL' : index % 3 === 2 ? `'t${seed}${index}'` : `${seed + index}`,
      );
    const insert = (seed: number) => {
      // A row literal of 1,600 values stays below the statement limit by itself.
      return `INSERT INTO public.wide VALUES (${row(seed).join(',')})`;
    };
    await clouds.execute([`CREATE TABLE public.wide (${ddl.join(', ')})`, insert(1), insert(2), insert(3)]);
    const groups = hashGroupsOf(plan);
    expect(groups.groups.length).toBeGreaterThan(1);
    const request = { plan, predicate: EVERYTHING, hashForm: 'joined', level: 'carried', buckets: null } as const;
    const { answer, load } = await clouds.unload(request);
    // At level carried too: what does not travel needs the second scan.
    expect(answer.fingerprints[0]?.fingerprint.groups).toHaveLength(groups.groups.length);
    await clouds.target.prepare(clouds.target.renderPrepare(plan, null));
    await clouds.target.copy(load);
    const version = await clouds.target.version(plan.target);
    const target = await clouds.target.fingerprint({ plan, hashForm: 'joined', chunk: 0, attempt: 1, version });
    expect(target).toEqual(answer.fingerprints[0]?.fingerprint);
    const carried = await clouds.target.carriedFingerprint(load);
    expect(carried.groups).toEqual(target.groups.slice(0, carried.groups.length));
    await clouds.queryTarget(`UPDATE ${quoteTable(plan.target)} SET column_1600 = 0 WHERE column_1 = 2`);
    const damaged = await clouds.target.version(plan.target);
    const other = await clouds.target.fingerprint({ plan, hashForm: 'joined', chunk: 0, attempt: 1, version: damaged });
    expect(other).not.toEqual(target);
  });
});
