import { describe, expect, it } from 'vitest';
import { plannedColumn, plannedTable } from '../../../../test/support/planned-table.ts';
import { type DifferenceRow, pairDifferences } from './pair-differences.ts';

const plan = plannedTable('t', [
  plannedColumn('id', { kind: 'integer' }, 1),
  plannedColumn('name', { kind: 'varchar', maxBytes: 10 }, 2),
  plannedColumn('amount', { kind: 'integer' }, 3),
]);
const row = (side: string, values: (string | null)[], staged: number, target: number): DifferenceRow => ({
  side,
  row_hash: values.join('/'),
  n_staged: String(staged),
  n_target: String(target),
  v1: values[0] ?? null,
  v2: values[1] ?? null,
  v3: values[2] ?? null,
});
const pair = (rows: DifferenceRow[], missing: number, extra: number) =>
  pairDifferences({ plan, counts: { missing_rows: String(missing), extra_rows: String(extra) }, rows, limit: 10 });

describe('differing rows', () => {
  it('of one key are one changed row, with the columns that differ', () => {
    const report = pair([row('source', ['1', 'a', '5'], 1, 0), row('target', ['1', 'a', '6'], 0, 1)], 1, 1);
    expect(report).toEqual({
      missingRows: '0',
      extraRows: '0',
      changedRows: '1',
      isTruncated: false,
      rows: [{ kind: 'changed', key: { id: '1' }, columns: [{ name: 'amount', source: '5', target: '6' }] }],
    });
  });

  it('of one key are paired with the closest', () => {
    const report = pair(
      [
        row('source', ['1', 'a', '5'], 1, 0),
        row('target', ['1', 'z', '9'], 0, 1),
        row('target', ['1', 'a', '6'], 0, 1),
      ],
      1,
      2,
    );
    expect(report.rows.map((each) => each.kind)).toEqual(['changed', 'extra']);
    expect(report.rows[0]?.columns).toEqual([{ name: 'amount', source: '5', target: '6' }]);
  });

  it('that exist too often are doubled, as often as they are too many', () => {
    const twice = row('target', ['1', 'a', '5'], 1, 3);
    const report = pair([twice, twice, twice], 0, 2);
    expect(report).toMatchObject({ extraRows: '2', changedRows: '0', isTruncated: false });
    expect(report.rows.map((each) => each.kind)).toEqual(['doubled', 'doubled']);
  });

  it('behind the limit are counted, and that is said', () => {
    expect(pair([row('source', ['1', 'a', '5'], 1, 0)], 100, 0)).toMatchObject({
      missingRows: '100',
      isTruncated: true,
    });
  });
});
