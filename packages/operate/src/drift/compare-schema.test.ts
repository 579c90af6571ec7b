import type { DiscoveredTable, SourceCatalogue } from '@lakehaul/adapters';
import type { ColumnPlan, SourceColumn, SourceType, TablePlan } from '@lakehaul/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareSchema } from './compare-schema.ts';
import { DRIFT_POLICY, driftPolicy } from './drift-policy.ts';

const column = (name: string, ordinal: number, type: SourceType, nullable = true): SourceColumn => ({
  name,
  ordinal,
  type,
  nullable,
  sortKeyPosition: 0,
  isDistKey: false,
  isCaseInsensitive: false,
});

const COLUMNS = [
  column('id', 1, { kind: 'integer' }, false),
  column('name', 2, { kind: 'varchar', maxBytes: 40 }),
  column('price', 3, { kind: 'decimal', precision: 10, scale: 2 }),
];

const name = { database: 'dev', schema: 's', table: 't' };

function plan(acknowledgements: string[] = []): Pick<TablePlan, 'source' | 'columns' | 'acknowledgements'> {
  const columns = COLUMNS.map((source) => ({ source, excluded: false }) as unknown as ColumnPlan);
  return { source: { ...name, oid: '100', columnListHash: 'planned' }, columns, acknowledgements };
}

function table(overrides: Partial<DiscoveredTable> = {}): DiscoveredTable {
  return {
    name,
    oid: '100',
    columns: COLUMNS,
    columnListHash: 'now',
    estimatedRows: null,
    estimatedBytes: null,
    sortKeyStyle: 'none',
    hasRowSecurity: false,
    hasMasking: false,
    ...overrides,
  };
}

const catalogue = (...tables: DiscoveredTable[]): SourceCatalogue => ({ tables, notMoved: [] });
const kinds = (...tables: DiscoveredTable[]) =>
  compareSchema(plan(), catalogue(...tables)).drifts.map((each) => each.kind);
const changed = (at: number, to: Partial<SourceColumn>) =>
  table({ columns: COLUMNS.map((each, index) => (index === at ? { ...each, ...to } : each)) });

describe('a table against its plan', () => {
  it.each<[string, DiscoveredTable[], string[]]>([
    ['as it was planned', [table()], []],
    ['sorted otherwise, with other statistics', [table({ sortKeyStyle: 'auto', estimatedRows: 5n })], []],
    ['gone', [], ['table-dropped']],
    ['renamed', [table({ name: { ...name, table: 'old' } })], ['table-renamed']],
    ['swapped', [table({ oid: '200' })], ['table-swapped']],
    [
      'swapped, and the old one kept',
      [table({ name: { ...name, table: 'old' } }), table({ oid: '200' })],
      ['table-swapped'],
    ],
    ['with row security', [table({ hasRowSecurity: true })], ['hidden-rows']],
    ['with masking', [table({ hasMasking: true })], ['hidden-rows']],
    ['a longer text', [changed(1, { type: { kind: 'varchar', maxBytes: 80 } })], ['length-widened']],
    ['a shorter text', [changed(1, { type: { kind: 'varchar', maxBytes: 8 } })], ['length-narrowed']],
    ['a BIGINT', [changed(0, { type: { kind: 'bigint' }, ordinal: 4 })], ['type-widened']],
    ['a narrower integer', [changed(0, { type: { kind: 'smallint' }, ordinal: 4 })], ['type-changed']],
    ['more digits', [changed(2, { type: { kind: 'decimal', precision: 20, scale: 4 } })], ['type-widened']],
    ['fewer whole digits', [changed(2, { type: { kind: 'decimal', precision: 10, scale: 4 } })], ['type-changed']],
    ['another type', [changed(1, { type: { kind: 'date' } })], ['type-changed']],
    ['another collation', [changed(1, { isCaseInsensitive: true })], ['type-changed']],
    ['recreated', [changed(1, { ordinal: 7 })], ['column-recreated']],
    ['renamed column', [changed(1, { name: 'label' })], ['column-renamed']],
    ['dropped column', [table({ columns: COLUMNS.slice(0, 2) })], ['column-dropped']],
    ['added column', [table({ columns: [...COLUMNS, column('more', 4, { kind: 'date' })] })], ['column-added']],
    ['NULL allowed', [changed(0, { nullable: true })], ['null-allowed']],
    ['NULL refused', [changed(1, { nullable: false })], ['null-refused']],
    [
      'swapped and reordered',
      [table({ oid: '200', columns: [...COLUMNS].reverse() })],
      ['table-swapped', 'columns-reordered'],
    ],
  ])('%s', (_name, tables, expected) => {
    expect(kinds(...tables)).toEqual(expected);
  });

  it('leaves policies alone that the plan acknowledged', () => {
    expect(compareSchema(plan(['row-security']), catalogue(table({ hasRowSecurity: true }))).drifts).toEqual([]);
  });

  it('leaves columns alone that are left out of the move', () => {
    const excluded = plan();
    const columns = excluded.columns.map((each, index) => ({ ...each, excluded: index === 1 }));
    for (const now of [
      changed(1, { type: { kind: 'date' } }),
      table({ columns: [COLUMNS[0], COLUMNS[2]].flatMap((c) => c ?? []) }),
    ])
      expect(compareSchema({ ...excluded, columns }, catalogue(now)).drifts).toEqual([]);
  });

  it('has a policy for whatever is done to its columns, and says nothing only when nothing changed', () => {
    const type = fc.constantFrom<SourceType>(
      { kind: 'integer' },
      { kind: 'bigint' },
      { kind: 'varchar', maxBytes: 40 },
      { kind: 'varchar', maxBytes: 80 },
      { kind: 'decimal', precision: 10, scale: 2 },
      { kind: 'double' },
    );
    const columns = fc.uniqueArray(
      fc
        .record({
          name: fc.constantFrom('id', 'name', 'price', 'x', 'y'),
          ordinal: fc.integer({ min: 1, max: 6 }),
          type,
          nullable: fc.boolean(),
        })
        .map((each) => column(each.name, each.ordinal, each.type, each.nullable)),
      { selector: (each) => each.name, maxLength: 5 },
    );
    fc.assert(
      fc.property(columns, fc.constantFrom('100', '200'), (now, oid) => {
        const { drifts } = compareSchema(plan(), catalogue(table({ oid, columns: now })));
        for (const drift of drifts) expect(driftPolicy(drift.kind).why).not.toBe('');
        const isSame = oid === '100' && JSON.stringify(now) === JSON.stringify(COLUMNS);
        expect(drifts.length === 0).toBe(isSame);
      }),
      { examples: [[COLUMNS, '100']] },
    );
  });

  it('is told most serious first, and every kind has a row of its own', () => {
    expect(kinds(table({ oid: '200', hasMasking: true, columns: COLUMNS.slice(1) }))).toEqual([
      'hidden-rows',
      'table-swapped',
      'column-dropped',
    ]);
    expect(new Set(DRIFT_POLICY.map((policy) => policy.kind)).size).toBe(DRIFT_POLICY.length);
  });
});
