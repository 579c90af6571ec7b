import type { SourceType } from '@lakehaul/core';
import { describe, expect, it } from 'vitest';
import { plannedColumn } from '../../../../test/support/planned-table.ts';
import { quoteName, quoteQuery, textLiteral } from './identifier.ts';
import { keyLiteral, predicateSql } from './predicate.ts';

const column = (name: string, type: SourceType) => plannedColumn(name, type, 1).source;

describe('the predicate', () => {
  it('writes ranges, NULL parts and the cut line over the alias t', () => {
    const columns = [column('a"b', { kind: 'bigint' }), column('seen', { kind: 'timestamptz' })];
    const cutLine = { column: 'seen', before: '2026-03-15 00:00:00' };
    expect(predicateSql({ parts: [{ kind: 'range', column: 'a"b', from: '-5', to: '7' }], cutLine }, columns)).toBe(
      `t."a""b">='-5'::bigint AND t."a""b"<'7'::bigint AND (t."seen"<('2026-03-15 00:00:00'::timestamp AT TIME ZONE 'UTC') OR t."seen" IS NULL)`,
    );
    expect(predicateSql({ parts: [{ kind: 'null', column: 'seen' }], cutLine: null }, columns)).toBe(
      't."seen" IS NULL',
    );
  });

  it('leaves NULL out of an unbounded range, and says nothing when there is nothing to say', () => {
    const part = { kind: 'range', column: 'k', from: null, to: null } as const;
    expect(predicateSql({ parts: [part], cutLine: null }, [column('k', { kind: 'date' })])).toBe('t."k" IS NOT NULL');
    expect(predicateSql({ parts: [], cutLine: null }, [])).toBeNull();
    expect(predicateSql({ parts: [{ kind: 'hash', modulus: 4, bucket: 1 }], cutLine: null }, [])).toBeNull();
  });

  it('never lets a bound out of its literal', () => {
    expect(keyLiteral({ kind: 'varchar', maxBytes: 9 }, "x' OR '1'='1")).toBe("'x'' OR ''1''=''1'");
    for (const type of [
      { kind: 'bigint' },
      { kind: 'date' },
      { kind: 'timestamp' },
      { kind: 'decimal', precision: 9, scale: 2 },
    ] as SourceType[])
      expect(() => keyLiteral(type, "1' OR '1'='1")).toThrow(/is no/);
    expect(() => keyLiteral({ kind: 'double' }, '1')).toThrow(/cannot carry ranges/);
  });

  it('writes backslashes in a way that no escaping rule can change', () => {
    expect(textLiteral("a\\'b")).toBe("('a'||CHR(92)||'''b')");
    expect(quoteName('a\\b"')).toBe('"a\\b"""');
    expect(quoteQuery(`SELECT "a\\b" WHERE x='it''s'`)).toBe(`'SELECT "a\\\\b" WHERE x=''it''''s'''`);
    expect(() => textLiteral('a\0b')).toThrow();
  });
});
