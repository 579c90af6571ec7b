import type { Chunk, KeyPart } from '@lakehaul/core';
import { describe, expect, it } from 'vitest';
import { plannedColumn } from '../../../../test/support/planned-table.ts';
import { Coverage } from './coverage.ts';

const columns = [plannedColumn('k', { kind: 'integer' }, 1), plannedColumn('j', { kind: 'integer' }, 2)];
const range = (from: string | null, to: string | null, column = 'k'): KeyPart => ({ kind: 'range', column, from, to });
const nulls = (column = 'k'): KeyPart => ({ kind: 'null', column });
const bucket = (number: number, modulus = 2): KeyPart => ({ kind: 'hash', modulus, bucket: number });

/** What is wrong with a plan of these chunks, in words. */
function faults(parts: readonly (readonly KeyPart[])[], watermark: string | null = null): string[] {
  const said: string[] = [];
  const coverage = new Coverage({ columns }, (what) => said.push(what));
  parts.forEach((own, number) => {
    const estimates = { estimatedRows: 0n, estimatedBytes: 0n, scanGroup: null };
    coverage.add({ number, generation: 1, parts: own, ...estimates } satisfies Chunk);
  });
  coverage.finish(watermark);
  return said;
}

const WHOLE = [[range(null, '10')], [range('10', '20')], [range('20', null)], [nulls()]];

describe('I1 from the pages of a plan alone', () => {
  it.each<[string, KeyPart[][]]>([
    ['ranges and NULL', WHOLE],
    [
      'one value cut by the next column',
      [
        [range(null, '10')],
        [range('10', null), range(null, '5', 'j')],
        [range('10', null), range('5', null, 'j')],
        [range('10', null), nulls('j')],
        [nulls()],
      ],
    ],
    [
      'one value cut by hash',
      [[range(null, '10'), bucket(0)], [range(null, '10'), bucket(1)], [range('10', null)], [nulls()]],
    ],
    ['a table cut by hash alone', [[bucket(0)], [bucket(1)]]],
    ['one chunk of everything', [[]]],
  ])('%s: covered once', (_what, parts) => {
    expect(faults(parts)).toEqual([]);
  });

  it('a plan up to a watermark ends there', () => {
    const upTo = [[range(null, '10')], [range('10', '20')], [nulls()]];
    expect(faults(upTo, '20')).toEqual([]);
    expect(faults(upTo)).not.toEqual([]);
    expect(faults(upTo, '30')).not.toEqual([]);
  });

  it.each<[string, KeyPart[][]]>([
    ['no chunk for NULL', WHOLE.slice(0, 3)],
    ['two for NULL', [...WHOLE, [nulls()]]],
    ['a gap', [[range(null, '10')], [range('11', null)], [nulls()]]],
    ['an overlap', [[range(null, '10')], [range('9', null)], [nulls()]]],
    ['no beginning', [[range('0', '10')], [range('10', null)], [nulls()]]],
    ['no end', [[range(null, '10')], [range('10', '20')], [nulls()]]],
    ['a range that ends before it begins', [[range(null, '10')], [range('10', '5')], [range('5', null)], [nulls()]]],
    ['a bucket missing', [[bucket(0, 3)], [bucket(2, 3)]]],
    ['the last bucket missing', [[bucket(0, 3)], [bucket(1, 3)]]],
    [
      'NULL of the next column forgotten',
      [[range(null, null), range(null, '5', 'j')], [range(null, null), range('5', null, 'j')], [nulls()]],
    ],
    ['nothing at all', []],
  ])('%s: told', (_what, parts) => {
    expect(faults(parts)).not.toEqual([]);
  });
});
