import type { SourceType } from '@lakehaul/core';
import { sourceTypeText } from '@lakehaul/core';
import { describe, expect, it } from 'vitest';
import { canonicalSql, canonicalText, edgeValues, type SqlDialect, textFormOf } from './index.ts';

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

function block(dialect: SqlDialect, type: SourceType): string {
  const sql = canonicalSql(dialect, { position: 1, type });
  const lines = [...sql.bottom, ...sql.first, ...sql.second].map((item) => `    + ${item}`);
  return [`  ${dialect} (${sql.form})`, ...lines, `    = ${sql.text}`].join('\n');
}

describe('canonical forms', () => {
  it('are these, side by side', async () => {
    const text = TYPES.map(
      (type) => `${sourceTypeText(type)}\n${block('redshift', type)}\n${block('databricks', type)}\n`,
    );
    await expect(text.join('\n')).toMatchFileSnapshot('./golden/canonical-forms.txt');
  });

  it('of the edge values are these', async () => {
    const lines = edgeValues().map(({ type, text }) => {
      const canonical = canonicalText(type, text);
      const shown = (value: string | null) =>
        value !== null && value.length > 60 ? `${value.slice(0, 60)}…` : JSON.stringify(value);
      return `${sourceTypeText(type)}  ${shown(text)}  ${shown(canonical)}`;
    });
    await expect(lines.join('\n')).toMatchFileSnapshot('./golden/edge-values.txt');
  });

  it('have the same form in both dialects, and fixed texts never hold a separator', () => {
    for (const type of TYPES) {
      expect(canonicalSql('redshift', { position: 1, type }).form).toBe(textFormOf(type));
      expect(canonicalSql('databricks', { position: 1, type }).form).toBe(textFormOf(type));
    }
    for (const { type, text } of edgeValues())
      if (textFormOf(type) === 'fixed' && text !== null) expect(canonicalText(type, text)).toMatch(/^[^|]+$/);
  });

  it('never cast to VARCHAR without a length: Redshift would cut at 256 in silence', () => {
    for (const type of TYPES) {
      const { bottom, first, second, text } = canonicalSql('redshift', { position: 1, type });
      expect([...bottom, ...first, ...second, text].join(' ')).not.toMatch(/varchar(?!\()/i);
    }
  });

  it('refuse what cannot be moved', () => {
    for (const type of [{ kind: 'hllsketch' }, { kind: 'unknown', text: 'x' }] as SourceType[])
      expect(() => canonicalSql('redshift', { position: 1, type })).toThrow(/exclude/);
  });
});

describe('the referee', () => {
  it('counts days as the calendar does', () => {
    const day = (text: string) => canonicalText({ kind: 'date' }, text);
    expect([day('1970-01-01'), day('2000-03-01'), day('0001-01-01'), day('9999-12-31')]).toEqual([
      '0',
      '11017',
      '-719162',
      '2932896',
    ]);
  });

  it('reads offsets', () => {
    const type = { kind: 'timestamptz' } as const;
    expect(canonicalText(type, '2024-03-10 02:30:00+05:30')).toBe(canonicalText(type, '2024-03-09 21:00:00'));
  });

  it('says what it cannot read, without the value', () => {
    expect(() => canonicalText({ kind: 'date' }, 'secret')).toThrow(/^this text is no value of type date$/);
  });
});
