import type { SourceType, TargetType } from '@lakehaul/core';
import { sourceTypeText, targetTypeText } from '@lakehaul/core';
import { describe, expect, it } from 'vitest';
import { plannedColumn, plannedTable, targetTypeOf } from '../../../../test/support/planned-table.ts';
import { rebuildSql } from '../databricks/rebuild.ts';
import { hashGroupsOf, wireItem } from './wire.ts';

const TYPES: SourceType[] = [
  { kind: 'smallint' },
  { kind: 'integer' },
  { kind: 'bigint' },
  { kind: 'decimal', precision: 38, scale: 10 },
  { kind: 'real' },
  { kind: 'double' },
  { kind: 'boolean' },
  { kind: 'date' },
  { kind: 'timestamp' },
  { kind: 'timestamptz' },
  { kind: 'time' },
  { kind: 'timetz' },
  { kind: 'char', maxBytes: 10 },
  { kind: 'varchar', maxBytes: 256 },
  { kind: 'varbyte', maxBytes: 64_000 },
  { kind: 'super' },
  { kind: 'geometry' },
  { kind: 'geography' },
  { kind: 'interval_year_month' },
  { kind: 'interval_day_second' },
];
const rebuilt = (type: SourceType, target: TargetType) =>
  rebuildSql({ position: 1, type, plan: { target: { name: 'x', type: target, nullable: true } } });

describe('wire types', () => {
  it('have a way out and a way back, side by side', async () => {
    const lines = TYPES.map((type) => {
      const target = targetTypeOf(type);
      return `${sourceTypeText(type)} -> ${targetTypeText(target)}\n  ${wireItem({ position: 1, type })}\n  ${rebuilt(type, target)}`;
    });
    const variant = `super -> VARIANT\n  ${wireItem({ position: 1, type: { kind: 'super' } })}\n  ${rebuilt({ kind: 'super' }, { kind: 'VARIANT' })}`;
    await expect([...lines, variant].join('\n')).toMatchFileSnapshot('./golden/wire.txt');
  });

  it('refuse what has no form outside of Redshift, on both sides', () => {
    for (const type of [{ kind: 'hllsketch' }, { kind: 'unknown', text: 'x' }] as SourceType[]) {
      expect(() => wireItem({ position: 1, type })).toThrow(/exclude/);
      expect(() => rebuilt(type, { kind: 'STRING' })).toThrow(/exclude/);
    }
  });

  it('number the moved columns only', () => {
    const columns = TYPES.slice(0, 3).map((type, index) => plannedColumn(`c${index}`, type, index + 1));
    const plan = plannedTable('t', [columns[0], { ...columns[1], excluded: true }, columns[2]] as typeof columns);
    expect(hashGroupsOf(plan).groups[0]?.map((column) => column.type.kind)).toEqual(['smallint', 'bigint']);
  });
});
