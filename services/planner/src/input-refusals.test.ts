import type { SourceColumn, SourceType } from '@lakehaul/core';
import { describe, expect, it } from 'vitest';
import { tablePlan } from '../../../test/support/ledger-world.ts';
import { columnRefusals, cutLineRefusal, sharedTargetRefusals } from './input-refusals.ts';

const column = (name: string, type: SourceType): SourceColumn => ({
  name,
  ordinal: 1,
  type,
  nullable: true,
  sortKeyPosition: 0,
  isDistKey: false,
  isCaseInsensitive: false,
});

describe('a cut line', () => {
  const table = {
    name: { database: 'd', schema: 's', table: 't' },
    columns: [column('at', { kind: 'timestamp' }), column('x', { kind: 'double' }), column('n', { kind: 'integer' })],
  };
  it.each([
    ['at', '2026-01-01 00:00:00', false],
    ['at', '2026-01-01', true],
    ['at', '2026-01-01T00:00:00Z', true],
    ['n', '17', false],
    ['n', '1e3', true],
    ['x', '1.5', true],
    ['gone', '1', true],
  ])('%s < %s', (name, before, isRefused) => {
    const refusal = cutLineRefusal(table, { cutLine: { column: name, before } });
    expect(refusal?.code).toBe(isRefused ? 'CONFIG_INVALID' : undefined);
  });
});

describe('columns', () => {
  const planned = (name: string, kind: 'BIGINT' | 'VARIANT', excluded = false) => ({
    source: column(name, { kind: 'super' }),
    target: { name, type: { kind }, nullable: true },
    loss: 'lossless' as const,
    lossReason: '',
    excluded,
  });
  it('may not take the lineage column’s name in any case', () => {
    const all = [planned('doc', 'VARIANT'), planned('_LAKEHAUL', 'BIGINT'), planned('ok', 'BIGINT')];
    expect(columnRefusals(all, 's.t').map((refusal) => [refusal.code, refusal.where])).toEqual([
      ['TARGET_INCOMPATIBLE', 's.t._LAKEHAUL'],
    ]);
    expect(columnRefusals([planned('_lakehaul', 'BIGINT', true)], 's.t')).toEqual([]);
  });
});

describe('two tables', () => {
  it('may not be hauled into one, whatever the case of its name', () => {
    const one = tablePlan(1);
    const other = tablePlan(1, { target: { ...one.target, table: 'FLIGHTS' }, source: { ...one.source, table: 'f2' } });
    expect(sharedTargetRefusals([one, other]).map((refusal) => refusal.code)).toEqual(['TARGET_INCOMPATIBLE']);
    const apart = tablePlan(1, { target: { ...one.target, schema: 'x' } });
    expect(sharedTargetRefusals([one, apart])).toEqual([]);
  });
});
