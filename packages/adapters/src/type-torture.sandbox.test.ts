/**
 * Every type and edge value through both clouds: the Redshift text, the Databricks text and the referee's text of each
 * value must be one, and so must the three fingerprints.
 */
import { type Fingerprint, type HashForm, sourceTypeText, type TablePlan } from '@lakehaul/core';
import {
  addToFingerprint,
  canonicalSql,
  canonicalText,
  type EdgeValue,
  edgeValues,
  emptyFingerprint,
  LONG_TEXT,
  rowHash,
  valueLevels,
} from '@lakehaul/fingerprint';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AdapterClouds, createSource, startAdapterClouds } from '../../../test/support/adapter-clouds.ts';
import { type KnownTable, plannedColumn, plannedTable, quoted } from '../../../test/support/planned-table.ts';
import { targetRows } from './databricks/verify-sql.ts';
import { columnListHash, columnListSelect } from './redshift/unload-sql.ts';
import { movedWithPosition } from './redshift/wire.ts';

let clouds: AdapterClouds;
beforeAll(async () => {
  clouds = await startAdapterClouds();
});
afterAll(() => clouds?.[Symbol.asyncDispose]());

/** One column per type; each cycles through its own values. */
function tableOf(table: string, values: readonly EdgeValue[], hashForm: HashForm): KnownTable {
  const byType = new Map<string, EdgeValue[]>();
  for (const value of values) {
    const name = sourceTypeText(value.type);
    byType.set(name, [...(byType.get(name) ?? []), value]);
  }
  const lists = [...byType.values()];
  const longest = Math.max(...lists.map((list) => list.length));
  const rows = Array.from({ length: longest }, (_, row) => [
    { type: { kind: 'integer' }, text: String(row), literal: String(row) } satisfies EdgeValue,
    ...lists.map((list) => list[row % list.length] as EdgeValue),
  ]);
  const columns = lists.map((list, index) => {
    const { type } = list[0] as EdgeValue;
    return plannedColumn(`v ${index} "${type.kind}; it's \\ ☂`, type, index + 2);
  });
  return { plan: plannedTable(table, [plannedColumn('id', { kind: 'integer' }, 1), ...columns], hashForm), rows };
}

function refereeTexts({ rows }: KnownTable): (string | null)[][] {
  // TextDecoder, in the drivers of both sides, drops a byte order mark at the beginning; the hashes still see it.
  return rows.map((row) => row.map((value) => canonicalText(value.type, value.text)?.replace(/^\ufeff/, '') ?? null));
}

function refereeFingerprint({ plan, rows }: KnownTable, form: HashForm): Fingerprint {
  const columns = movedWithPosition(plan);
  const hashOf = (row: readonly EdgeValue[]) =>
    rowHash(
      columns,
      row.map((value) => value.text),
      form,
    );
  return rows.reduce((sum, row) => addToFingerprint(sum, [hashOf(row)]), emptyFingerprint(1));
}

function redshiftTexts(plan: TablePlan): Promise<(string | null)[][]> {
  const columns = movedWithPosition(plan).map((column) => ({
    ...column,
    reference: `t.${quoted(column.plan.source.name)}`,
  }));
  const texts = columns.map((column) => canonicalSql('redshift', column).text);
  const from = valueLevels({ dialect: 'redshift', columns, from: `FROM "public"."${plan.source.table}" t` }, 'r');
  return clouds.querySource(`SELECT ${texts.join(',')} FROM ${from} ORDER BY c1`);
}

async function databricksTexts(plan: TablePlan, version: string): Promise<(string | null)[][]> {
  const columns = movedWithPosition(plan);
  const texts = columns.map((column) => `${canonicalSql('databricks', column).text} AS v${column.position}`);
  const rows = targetRows({ plan, chunk: 0, attempt: 1, version, groups: [], alias: 'r' });
  const answer = await clouds.queryTarget(`SELECT ${texts.join(', ')} FROM ${rows} ORDER BY c1`);
  return answer.map((row) => columns.map((column) => row[`v${column.position}`] ?? null));
}

/** The whole way of one table, every proof compared with the referee. */
async function prove(known: KnownTable, form: HashForm): Promise<void> {
  const { plan } = known;
  const expected = refereeFingerprint(known, form);
  await createSource(clouds, known);
  expect(await redshiftTexts(plan)).toEqual(refereeTexts(known));

  const predicate = { parts: [], cutLine: null };
  const { answer, load } = await clouds.unload({ plan, predicate, hashForm: form, level: 'full', buckets: null });
  expect(answer.columnListHash).toBe(columnListHash(await clouds.querySource(columnListSelect(plan.source))));
  expect(answer.counts[0]?.rowCount).toBe(String(known.rows.length));
  expect(answer.fingerprints).toEqual([{ bucket: null, fingerprint: expected }]);

  await clouds.target.prepare(clouds.target.renderPrepare(plan, await clouds.target.describe(plan.target)));
  expect((await clouds.target.copy(load)).insertedRows).toBe(String(known.rows.length));
  const version = await clouds.target.version(plan.target);
  expect(await databricksTexts(plan, version)).toEqual(refereeTexts(known));
  expect(await clouds.target.carriedFingerprint(load)).toEqual(expected);
  expect(await clouds.target.fingerprint({ plan, hashForm: form, chunk: 0, attempt: 1, version })).toEqual(expected);
}

describe('every type and edge value', () => {
  it.each(['joined', 'digest'] as const)(
    'has one text and one hash on both clouds and in the referee, form %s',
    (form) => prove(tableOf(`torture_${form}`, edgeValues(), form), form),
  );

  it('has one text for random values too', () =>
    prove(tableOf('torture_random', randomValues(120), 'joined'), 'joined'));

  it('hashes a text of 65,535 bytes column by column', () =>
    prove(tableOf('torture_long', [LONG_TEXT], 'digest'), 'digest'));

  it('tells that joined it would be too long', async () => {
    const { plan, rows } = tableOf('torture_longer', [LONG_TEXT], 'digest');
    await createSource(clouds, { plan, rows });
    const predicate = { parts: [], cutLine: null };
    const { answer } = await clouds.unload({ plan, predicate, hashForm: 'digest', level: 'carried', buckets: null });
    expect(Number(answer.counts[0]?.maxRowBytes)).toBeGreaterThan(65_535);
    expect(answer.fingerprints).toEqual([]);
  });
});

/** The same ones in every run: a failure must come again. */
function randomValues(count: number): EdgeValue[] {
  const bits = fc.sample(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { numRuns: count, seed: 7 });
  const texts = fc.sample(fc.string({ unit: 'binary', maxLength: 40 }), { numRuns: count, seed: 8 });
  const words = fc.sample(fc.json(), { numRuns: count, seed: 9 });
  const view = new DataView(new ArrayBuffer(8));
  return bits.flatMap((value, index): EdgeValue[] => {
    view.setBigUint64(0, value);
    // 0001-01-01 to 9999-12-31
    const micros = (value % 315_537_897_599_000_000n) - 62_135_596_800_000_000n;
    const when = new Date(Number(micros / 1000n)).toISOString();
    const stamp = `${when.slice(0, 10)} ${when.slice(11, 23)}${((value % 1000n) + 1000n).toString().slice(1)}`;
    const text = (texts[index] ?? '').replaceAll('\0', '').replaceAll('\\', '');
    return [
      cast({ kind: 'double' }, floatLiteral(view.getFloat64(0)), 'DOUBLE PRECISION'),
      cast({ kind: 'real' }, floatLiteral(view.getFloat32(0)), 'REAL'),
      cast({ kind: 'bigint' }, BigInt.asIntN(64, value).toString(), 'BIGINT'),
      cast(
        { kind: 'decimal', precision: 38, scale: 12 },
        decimalLiteral(value, bits[(index + 1) % count] ?? 0n),
        'DECIMAL(38,12)',
      ),
      { type: { kind: 'timestamp' }, text: stamp, literal: `TIMESTAMP '${stamp}'` },
      cast({ kind: 'varchar', maxBytes: 400 }, text, 'VARCHAR(400)'),
      {
        type: { kind: 'varbyte', maxBytes: 64_000 },
        text: value.toString(16).padStart(16, '0'),
        literal: `FROM_HEX('${value.toString(16).padStart(16, '0')}')`,
      },
      cast({ kind: 'varchar', maxBytes: 4_000 }, (words[index] ?? '').replaceAll('\\', ''), 'VARCHAR(4000)'),
    ];
  });
}

const cast = (type: EdgeValue['type'], text: string, sqlType: string): EdgeValue => ({
  type,
  text,
  literal: `CAST('${text.replaceAll("'", "''")}' AS ${sqlType})`,
});

function floatLiteral(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function decimalLiteral(a: bigint, b: bigint): string {
  return `${a % 2n === 0n ? '-' : ''}${a % 10n ** 18n}.${(b % 10n ** 12n).toString().padStart(12, '0')}`;
}
