import type { SourceColumn, SourceType } from '@lakehaul/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseKey } from './choose-key.ts';
import { hashCuts, nullCut, rangesBetween } from './cut-ranges.ts';
import { cutTextRanges, isSafeBoundary } from './cut-text.ts';
import { type ColumnMeasureKind, measuresFor, planColumn, unacknowledged } from './judge-loss.ts';
import { numberChunks } from './number-chunks.ts';
import { scanAmplification } from './scan-amplification.ts';
import { matchesPattern, selectTables, settingsFor, type TableSettings } from './settings.ts';
import { tableIdOf } from './table-id.ts';
import { mapType } from './type-map.ts';

const column = (name: string, type: SourceType, more: Partial<SourceColumn> = {}): SourceColumn => ({
  name,
  ordinal: 1,
  type,
  nullable: true,
  sortKeyPosition: 0,
  isDistKey: false,
  isCaseInsensitive: false,
  ...more,
});
const settings: TableSettings = {
  key: null,
  cutLine: null,
  chunkBytes: 100n,
  level: 'full',
  sampleEvery: 10,
  acknowledge: [],
  priority: 0,
  target: null,
  super: 'string',
};

describe('table ids', () => {
  it('are safe in paths and tell names apart that only differ in odd characters', () => {
    const ids = [
      tableIdOf('a', 'b c'),
      tableIdOf('a', 'b_c'),
      tableIdOf('a', 'B c'),
      tableIdOf('a.b', 'c'),
      tableIdOf('a', 'b.c'),
      tableIdOf('ä', '💥'),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-z0-9_]+-[a-z0-9_]+-[0-9a-f]{8}$/);
  });
});

describe('patterns and settings', () => {
  it('a star stands for anything, everything else for itself', () => {
    expect(matchesPattern('public.*', { schema: 'public', table: 'a.b' })).toBe(true);
    expect(matchesPattern('p*.orders', { schema: 'public', table: 'orders' })).toBe(true);
    expect(matchesPattern('public.ord', { schema: 'public', table: 'orders' })).toBe(false);
    expect(matchesPattern('public.a+b', { schema: 'public', table: 'aab' })).toBe(false);
  });

  it('names that match nothing are told, patterns that match nothing are not', () => {
    const tables = [{ name: { schema: 's', table: 'a' } }, { name: { schema: 's', table: 'b' } }];
    const { selected, missing } = selectTables(tables, ['s.a', 's.z', 'x.*'], ['s.b']);
    expect(selected.map((table) => table.name.table)).toEqual(['a']);
    expect(missing).toEqual(['s.z']);
  });

  it('later overrides win, acknowledgements add up', () => {
    const merged = settingsFor({ schema: 's', table: 'a' }, { ...settings, acknowledge: ['x'] }, [
      { match: 's.*', level: 'count', priority: 3, acknowledge: ['y'] },
      { match: 's.a', level: 'carried', acknowledge: ['z'] },
      { match: 's.b', priority: 9 },
    ]);
    expect(merged).toMatchObject({ level: 'carried', priority: 3, acknowledge: ['x', 'y', 'z'] });
  });
});

describe('the key', () => {
  const sorted = column('at', { kind: 'timestamp' }, { sortKeyPosition: 1 });
  const question = {
    columns: [column('id', { kind: 'integer' }), sorted],
    sortKeyStyle: 'compound' as const,
    key: null,
    estimatedBytes: 1000n,
    chunkBytes: 100n,
  };

  it('leads the sort key', () => {
    expect(chooseKey(question)).toMatchObject({ kind: 'ranges', isZoneMapped: true });
  });

  it('is not needed for a small table', () => {
    expect(chooseKey({ ...question, estimatedBytes: 150n })).toMatchObject({ kind: 'whole' });
    expect(chooseKey({ ...question, estimatedBytes: 151n })).toMatchObject({ kind: 'ranges' });
  });

  it.each([
    ['no sort key', { columns: [column('id', { kind: 'integer' })] }],
    ['an interleaved sort key', { sortKeyStyle: 'interleaved' as const }],
    ['a float leads', { columns: [column('x', { kind: 'double' }, { sortKeyPosition: 1 })] }],
    [
      'collated text leads',
      { columns: [column('x', { kind: 'varchar', maxBytes: 9 }, { sortKeyPosition: 1, isCaseInsensitive: true })] },
    ],
  ])('%s: one shared scan by hash, never a full scan a chunk', (_name, change) => {
    expect(chooseKey({ ...question, ...change })).toMatchObject({ kind: 'hash' });
  });

  it('that is configured must exist and carry ranges; without a zone map it is told', () => {
    expect(() => chooseKey({ ...question, key: 'nope' })).toThrow(/no column/);
    expect(() => chooseKey({ ...question, columns: [column('f', { kind: 'real' })], key: 'f' })).toThrow(
      /cannot carry ranges/,
    );
    expect(chooseKey({ ...question, key: 'id' })).toMatchObject({ kind: 'ranges', isZoneMapped: false });
  });
});

describe('loss', () => {
  const judged = (type: SourceType, measured: [string, string][], acknowledge: string[] = []) =>
    planColumn(column('c', type), { super: 'string', acknowledge }, new Map(measured) as never);

  it.each<[SourceType, [string, string][], string]>([
    [{ kind: 'integer' }, [], 'lossless'],
    [{ kind: 'time' }, [], 'representation'],
    [{ kind: 'hllsketch' }, [], 'impossible'],
    [{ kind: 'unknown', text: 'foo' }, [], 'impossible'],
    [{ kind: 'date' }, [['outOfRangeCount', '0']], 'lossless'],
    [{ kind: 'date' }, [['outOfRangeCount', '1']], 'lossy'],
    [{ kind: 'varbyte', maxBytes: 1_024_000 }, [['maxBytes', '32767']], 'lossless'],
    [{ kind: 'varbyte', maxBytes: 1_024_000 }, [['maxBytes', '32768']], 'impossible'],
    [{ kind: 'super' }, [['maxBytes', '65535']], 'representation'],
    [{ kind: 'super' }, [['maxBytes', '65536']], 'impossible'],
    [{ kind: 'double' }, [['negativeZeroCount', '2']], 'representation'],
  ])('%o with %j is %s', (type, measured, loss) => {
    expect(judged(type, measured).loss).toBe(loss);
  });

  it('is refused until acknowledged; the impossible can only be excluded', () => {
    const lossy = judged({ kind: 'date' }, [['outOfRangeCount', '1']]);
    expect(unacknowledged([lossy], [])).toHaveLength(1);
    expect(unacknowledged([lossy], ['loss:c'])).toHaveLength(0);
    const impossible = judged({ kind: 'hllsketch' }, []);
    expect(unacknowledged([impossible], ['loss:c'])).toHaveLength(1);
    expect(unacknowledged([judged({ kind: 'hllsketch' }, [], ['exclude:c'])], [])).toHaveLength(0);
  });

  it('a VARIANT is a loss of its own', () => {
    expect(mapType(column('c', { kind: 'super' }), 'variant')).toMatchObject({
      target: { kind: 'VARIANT' },
      loss: 'parsed',
    });
    const settings = { super: 'variant' as const, acknowledge: [] };
    const found = (kind: ColumnMeasureKind, count: string) =>
      planColumn(column('c', { kind: 'super' }), settings, new Map([[kind, count]]));
    expect(measuresFor(column('c', { kind: 'super' }), settings)).toContain('hugeNumberCount');
    expect(measuresFor(column('c', { kind: 'super' }), { super: 'string' })).toEqual(['maxBytes']);
    expect(found('longNumberCount', '0').loss).toBe('parsed');
    expect(found('longNumberCount', '1').loss).toBe('lossy');
    expect(found('hugeNumberCount', '1').loss).toBe('impossible');
    expect(unacknowledged([found('longNumberCount', '0')], [])).toHaveLength(1);
    expect(unacknowledged([found('longNumberCount', '0')], ['loss:c'])).toHaveLength(0);
  });
});

describe('cuts', () => {
  it('I1: ranges and the NULL chunk together cover any key once', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer(), { maxLength: 20 }), fc.option(fc.integer()), (given, key) => {
        const boundaries = [...given].sort((a, b) => a - b).map(String);
        const cuts = [...rangesBetween({ column: 'k', boundaries, rows: [], end: null }), nullCut('k', 0n)];
        const owners = cuts.filter(({ parts: [part] }) => {
          if (part?.kind === 'null') return key === null;
          if (part?.kind !== 'range' || key === null) return false;
          return (part.from === null || key >= Number(part.from)) && (part.to === null || key < Number(part.to));
        });
        expect(owners).toHaveLength(1);
      }),
    );
  });

  it('text boundaries keep the source order and are never ambiguous', () => {
    for (const bad of ['', 'a ', 'a\u0001', 'tab\t']) expect(isSafeBoundary(bad)).toBe(false);
    for (const good of ['a', 'a b', 'é', '~']) expect(isSafeBoundary(good)).toBe(true);
    const cuts = cutTextRanges({
      column: 'k',
      cells: [
        { prefix: '', rows: 5n },
        { prefix: 'b ', rows: 5n },
        { prefix: 'c', rows: 5n },
        { prefix: 'é', rows: 5n },
      ],
      wantedRows: 5n,
      end: null,
    });
    expect(cuts.map((cut) => cut.parts[0])).toEqual([
      { kind: 'range', column: 'k', from: null, to: 'c' },
      { kind: 'range', column: 'k', from: 'c', to: 'é' },
      { kind: 'range', column: 'k', from: 'é', to: null },
    ]);
    expect(cuts.reduce((sum, cut) => sum + cut.rows, 0n)).toBe(20n);
  });

  it('chunks of a shared scan name their leader', () => {
    const chunks = [
      ...numberChunks(hashCuts([], 10n, 3), { generation: 1, firstChunk: 7, bytesPerRow: 2n, isSharedScan: true }),
    ];
    expect(chunks.map((chunk) => [chunk.number, chunk.scanGroup, chunk.parts[0]])).toEqual(
      [7, 8, 9].map((number, bucket) => [number, 7, { kind: 'hash', modulus: 3, bucket }]),
    );
  });

  it('amplification counts what the plan really reads', () => {
    const request = {
      totalRows: 100n,
      isZoneMapped: true,
      isSharedScan: false,
      level: 'carried' as const,
      sampleEvery: 10,
    };
    const cuts = rangesBetween({ column: 'k', boundaries: ['1'], rows: [50n, 50n], end: null });
    expect(scanAmplification({ ...request, cuts })).toBe(1);
    expect(scanAmplification({ ...request, cuts, level: 'full' })).toBe(2);
    expect(scanAmplification({ ...request, cuts, isZoneMapped: false })).toBe(2);
    expect(scanAmplification({ ...request, cuts: hashCuts([], 100n, 5) })).toBe(5);
    expect(scanAmplification({ ...request, cuts: hashCuts([], 100n, 5), isSharedScan: true })).toBe(1);
  });
});
