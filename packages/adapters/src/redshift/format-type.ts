import type { SourceType } from '@lakehaul/core';

const PLAIN: Readonly<Record<string, SourceType>> = {
  smallint: { kind: 'smallint' },
  integer: { kind: 'integer' },
  bigint: { kind: 'bigint' },
  real: { kind: 'real' },
  'double precision': { kind: 'double' },
  boolean: { kind: 'boolean' },
  date: { kind: 'date' },
  'timestamp without time zone': { kind: 'timestamp' },
  timestamp: { kind: 'timestamp' },
  'timestamp with time zone': { kind: 'timestamptz' },
  timestamptz: { kind: 'timestamptz' },
  'time without time zone': { kind: 'time' },
  time: { kind: 'time' },
  'time with time zone': { kind: 'timetz' },
  timetz: { kind: 'timetz' },
  super: { kind: 'super' },
  geometry: { kind: 'geometry' },
  geography: { kind: 'geography' },
  hllsketch: { kind: 'hllsketch' },
  'interval year to month': { kind: 'interval_year_month' },
  intervaly2m: { kind: 'interval_year_month' },
  'interval day to second': { kind: 'interval_day_second' },
  intervald2s: { kind: 'interval_day_second' },
  text: { kind: 'varchar', maxBytes: 256 },
  character: { kind: 'char', maxBytes: 1 },
  bpchar: { kind: 'char', maxBytes: 256 },
  'character varying': { kind: 'varchar', maxBytes: 256 },
  // Declared without a size: NUMERIC is (18,0), VARBYTE is 64 KB (RDG r_Numeric_types201, r_VARBYTE_type).
  numeric: { kind: 'decimal', precision: 18, scale: 0 },
  'binary varying': { kind: 'varbyte', maxBytes: 65_535 },
  varbyte: { kind: 'varbyte', maxBytes: 65_535 },
};

/** format_type's text as a type. What is not known stays as text and is refused until acknowledged. */
export function parseFormatType(text: string): SourceType {
  const name = text.trim().toLowerCase();
  const plain = PLAIN[name];
  if (plain !== undefined) return plain;
  const decimal = /^(?:numeric|decimal)\((\d+),\s*(\d+)\)$/.exec(name);
  if (decimal) return { kind: 'decimal', precision: Number(decimal[1]), scale: Number(decimal[2]) };
  const sized = /^(character varying|varchar|character|char|bpchar|binary varying|varbyte)\((\d+)\)$/.exec(name);
  if (sized) {
    const maxBytes = Number(sized[2]);
    if (sized[1] === 'character varying' || sized[1] === 'varchar') return { kind: 'varchar', maxBytes };
    return sized[1] === 'binary varying' || sized[1] === 'varbyte'
      ? { kind: 'varbyte', maxBytes }
      : { kind: 'char', maxBytes };
  }
  // The precision is that of the display; the value always holds microseconds.
  if (/^(intervald2s|interval day to second)\s*\(\d+\)$/.test(name)) return { kind: 'interval_day_second' };
  return { kind: 'unknown', text };
}
