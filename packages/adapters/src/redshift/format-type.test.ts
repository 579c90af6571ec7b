import { sourceTypeText } from '@lakehaul/core';
import { describe, expect, it } from 'vitest';
import { parseFormatType } from './format-type.ts';

describe('parseFormatType', () => {
  it.each([
    ['smallint', { kind: 'smallint' }],
    ['numeric(38,38)', { kind: 'decimal', precision: 38, scale: 38 }],
    ['numeric(18, 2)', { kind: 'decimal', precision: 18, scale: 2 }],
    ['character varying(65535)', { kind: 'varchar', maxBytes: 65535 }],
    ['character(7)', { kind: 'char', maxBytes: 7 }],
    ['binary varying(1024000)', { kind: 'varbyte', maxBytes: 1024000 }],
    ['double precision', { kind: 'double' }],
    ['timestamp with time zone', { kind: 'timestamptz' }],
    ['time with time zone', { kind: 'timetz' }],
    ['interval day to second', { kind: 'interval_day_second' }],
    ['intervald2s(3)', { kind: 'interval_day_second' }],
    ['hllsketch', { kind: 'hllsketch' }],
  ] as const)('%s', (text, type) => {
    expect(parseFormatType(text)).toEqual(type);
  });

  it('keeps what it does not know as text', () => {
    expect(parseFormatType('int2vector')).toEqual({ kind: 'unknown', text: 'int2vector' });
    expect(parseFormatType('numeric(5)')).toEqual({ kind: 'unknown', text: 'numeric(5)' });
  });

  it('reads back what core prints', () => {
    for (const text of ['bigint', 'boolean', 'date', 'super', 'geography', 'numeric(9,3)', 'character varying(12)'])
      expect(sourceTypeText(parseFormatType(text))).toBe(text);
  });
});
