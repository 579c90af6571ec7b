import { describe, expect, it } from 'vitest';
import { plannedColumn, plannedTable } from '../../../../test/support/planned-table.ts';
import type { TargetTableState } from '../ports.ts';
import { prepareStatements, targetDifferences } from './ddl-sql.ts';

const plan = plannedTable('orders', [
  plannedColumn('id', { kind: 'bigint' }, 1),
  plannedColumn("odd `name`, it's", { kind: 'varchar', maxBytes: 100 }, 2),
  plannedColumn('seen', { kind: 'timestamp' }, 3),
]);
const existing: TargetTableState = {
  columns: [
    { name: 'ID', typeText: 'bigint', nullable: true },
    { name: "odd `name`, it's", typeText: 'string', nullable: true },
    { name: 'seen', typeText: 'timestamp_ntz', nullable: true },
  ],
  properties: {},
  hasRowFilterOrMask: false,
  version: '3',
};

describe('the target table', () => {
  it('is created with the lineage column first, clustered by the sort key', async () => {
    await expect(prepareStatements(plan, null).join('\n')).toMatchFileSnapshot('./golden/create-table.txt');
  });

  it('is adopted by one nullable column and a property, and nothing when both are there', () => {
    expect(prepareStatements(plan, existing)).toEqual([
      'ALTER TABLE `main`.`public`.`orders` ADD COLUMNS (`_lakehaul` BIGINT)',
      "ALTER TABLE `main`.`public`.`orders` SET TBLPROPERTIES ('lakehaul.migration' = 'test')",
    ]);
    const adopted: TargetTableState = {
      ...existing,
      columns: [...existing.columns, { name: '_lakehaul', typeText: 'bigint', nullable: true }],
      properties: { 'lakehaul.migration': 'test' },
    };
    expect(prepareStatements(plan, adopted)).toEqual([]);
  });

  it('gets statistics of the lineage column where it would have none', () => {
    const many = Array.from({ length: 40 }, (_, i) => ({ name: `c${i}`, typeText: 'int', nullable: true }));
    const [, properties] = prepareStatements(plan, { ...existing, columns: many });
    expect(properties).toMatch(/'delta.dataSkippingStatsColumns' = '_lakehaul,c0,c1,/);
    const named = { ...existing, properties: { 'delta.dataSkippingStatsColumns': 'id,seen' } };
    expect(prepareStatements(plan, named)[1]).toContain("'delta.dataSkippingStatsColumns' = '_lakehaul,id,seen'");
  });

  it('names clustering columns in the statistics when they lie behind the first ones', () => {
    const columns = Array.from({ length: 40 }, (_, i) => plannedColumn(`c${i}`, { kind: 'integer' }, i + 2));
    const last = { ...plannedColumn('last', { kind: 'date' }, 50) };
    const sorted = { ...last, source: { ...last.source, sortKeyPosition: 1 } };
    const [, create] = prepareStatements(plannedTable('t', [...columns, sorted]), null);
    expect(create).toMatch(/CLUSTER BY \(`last`\)/);
    expect(create).toMatch(/'delta.dataSkippingStatsColumns' = '_lakehaul,last,c0,/);
  });

  it('is refused for every column that does not fit, all named at once', () => {
    expect(targetDifferences(plan, existing)).toEqual([]);
    const other: TargetTableState = {
      ...existing,
      columns: [
        { name: 'id', typeText: 'int', nullable: false },
        { name: 'seen', typeText: 'timestamp_ntz', nullable: false },
        { name: 'more', typeText: 'string', nullable: false },
        { name: '_lakehaul', typeText: 'string', nullable: true },
      ],
    };
    expect(targetDifferences(plan, other)).toEqual([
      'column id is int, the plan needs BIGINT',
      "column odd `name`, it's STRING is missing",
      'column seen is NOT NULL, the source column is nullable',
      'column more is NOT NULL and the source has no such column',
      'column _lakehaul exists and is not a nullable BIGINT',
    ]);
  });
});
