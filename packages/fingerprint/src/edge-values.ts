/**
 * The values that break naive comparisons, one list per type: tests feed them to both dialects and the referee, the demo
 * loads them as the table type_torture.
 */
import type { SourceType } from '@lakehaul/core';

export interface EdgeValue {
  type: SourceType;
  /** Exact text; hex for VARBYTE, JSON for SUPER, hex EWKB for GEOMETRY, months or microseconds for intervals. */
  text: string | null;
  /** The value as a Redshift literal of its type. */
  literal: string;
}

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

function values(type: SourceType, texts: readonly string[], literal: (text: string) => string): EdgeValue[] {
  return [{ type, text: null, literal: 'NULL' }, ...texts.map((text) => ({ type, text, literal: literal(text) }))];
}

const cast = (type: string) => (text: string) => `CAST(${quoted(text)} AS ${type})`;

const DOUBLES = [
  '0',
  '-0',
  '1',
  '-1',
  '0.1',
  '-0.3',
  '1e28',
  '1e-11',
  '1e308',
  '1.7976931348623157e308',
  '-1.7976931348623157e308',
  '2.2250738585072014e-308',
  '2.225073858507201e-308',
  '5e-324',
  '-5e-324',
  '1.5e-320',
  '4.450147717014403e-308',
  '9007199254740993',
  '0.30000000000000004',
  '123456789.123456789',
  '1e-60',
  '-1e-61',
  '1.6069380442589903e60',
  '3.111e-61',
  '1e189',
  '1e190',
  '-1e191',
  '1e-189',
  '1e-190',
  'NaN',
  'Infinity',
  '-Infinity',
];
const REALS = [
  '0',
  '-0',
  '1',
  '-1',
  '0.1',
  '-0.3',
  '1e28',
  '1e-11',
  '3.4028235e38',
  '-3.4028235e38',
  '1.1754944e-38',
  '1e-45',
  '-1e-45',
  '1.17549e-38',
  '16777217',
  'NaN',
  'Infinity',
  '-Infinity',
];
const TEXTS = [
  '',
  ' ',
  'a',
  'a ',
  ' a',
  'a  ',
  'A',
  '|',
  '-1',
  'NULL',
  "it's",
  'a"b',
  'line\nbreak',
  'tab\tx',
  '\u0001\u001f\u007f',
  '☂ Snowman ☃',
  '🧪🚀',
  'é',
  'e\u0301',
  'Ångström',
  '\u00a0',
  '\ufeffbom',
  'x'.repeat(255),
  'x'.repeat(256),
  'y'.repeat(257),
  'ß'.repeat(200),
];
const DATES = [
  '0001-01-01',
  '0001-12-31',
  '1582-10-04',
  '1582-10-15',
  '1600-02-29',
  '1900-03-01',
  '1969-12-31',
  '1970-01-01',
  '2000-02-29',
  '2026-11-24',
  '9999-12-31',
];
const TIMESTAMPS = [
  '0001-01-01 00:00:00',
  '0001-01-01 00:00:00.000001',
  '1582-10-10 12:00:00',
  '1899-12-31 23:59:59.999999',
  '1969-12-31 23:59:59.999999',
  '1970-01-01 00:00:00',
  '2024-03-10 02:30:00',
  '2024-03-31 02:30:00',
  '2024-11-03 01:30:00',
  '2026-11-24 02:43:22.123456',
  '9999-12-31 23:59:59.999999',
];

/** The whole list; `text` of 65,535 bytes is apart (longText), since most tables cannot hold it beside others. */
export function edgeValues(): EdgeValue[] {
  return [
    ...values({ kind: 'smallint' }, ['0', '1', '-1', '-32768', '32767'], cast('SMALLINT')),
    ...values({ kind: 'integer' }, ['0', '-1', '-2147483648', '2147483647'], cast('INTEGER')),
    ...values(
      { kind: 'bigint' },
      ['0', '-1', '9007199254740993', '-9223372036854775808', '9223372036854775807'],
      cast('BIGINT'),
    ),
    ...values(
      { kind: 'decimal', precision: 18, scale: 2 },
      ['0.00', '0.10', '-0.50', '1.00', '-9999999999999999.99'],
      cast('DECIMAL(18,2)'),
    ),
    ...values(
      { kind: 'decimal', precision: 20, scale: 10 },
      ['0.0000000000', '0.0000000001', '-1.5000000000'],
      cast('DECIMAL(20,10)'),
    ),
    ...values(
      { kind: 'decimal', precision: 38, scale: 0 },
      ['0', '99999999999999999999999999999999999999', '-99999999999999999999999999999999999999'],
      cast('DECIMAL(38,0)'),
    ),
    ...values(
      { kind: 'decimal', precision: 38, scale: 37 },
      [`0.${'0'.repeat(37)}`, `1.${'9'.repeat(37)}`, `-0.${'0'.repeat(36)}1`],
      cast('DECIMAL(38,37)'),
    ),
    // Redshift's scale ends at 37 (RDG, numeric types).
    ...values({ kind: 'real' }, REALS, cast('REAL')),
    ...values({ kind: 'double' }, DOUBLES, cast('DOUBLE PRECISION')),
    ...values({ kind: 'boolean' }, ['true', 'false'], (text) => text.toUpperCase()),
    ...values({ kind: 'date' }, DATES, (text) => `DATE '${text}'`),
    ...values({ kind: 'timestamp' }, TIMESTAMPS, (text) => `TIMESTAMP '${text}'`),
    ...values({ kind: 'timestamptz' }, TIMESTAMPS, (text) => `(TIMESTAMP '${text}' AT TIME ZONE 'UTC')`),
    ...values(
      { kind: 'time' },
      ['00:00:00', '00:00:00.000001', '12:34:56.789012', '23:59:59.999999'],
      (text) => `TIME '${text}'`,
    ),
    ...values(
      { kind: 'timetz' },
      ['00:00:00+00', '12:34:56.789012+00', '23:59:59.999999+00'],
      (text) => `TIMETZ '${text}'`,
    ),
    ...values({ kind: 'varchar', maxBytes: 1024 }, TEXTS, cast('VARCHAR(1024)')),
    ...values({ kind: 'char', maxBytes: 10 }, ['', 'a', 'a b', ' a', 'abcdefghij'], cast('CHAR(10)')),
    ...values(
      { kind: 'varbyte', maxBytes: 64_000 },
      ['', '00', 'ff', '20', '616263', 'deadbeef', '00'.repeat(300)],
      (text) => `FROM_HEX('${text}')`,
    ),
    ...values(
      { kind: 'super' },
      ['null', 'true', '1', '"a"', '""', '[]', '{}', '[1,2,[3]]', '{"a":1,"b":{"c":"☂"}}', '"line\\nbreak"'],
      (text) => `JSON_PARSE(${quotedSuper(text)})`,
    ),
    ...values({ kind: 'interval_year_month' }, ['0', '1', '-1', '14', '1200'], (text) => `INTERVAL '${text}' MONTH`),
    ...values(
      { kind: 'interval_day_second' },
      ['0', '1000000', '-1000000', '86400000000', '93784000000'],
      (text) => `INTERVAL '${Number(text) / 1_000_000}' SECOND`,
    ),
  ];
}

/** Redshift reads a backslash in a literal as an escape; two stand for one. */
function quotedSuper(text: string): string {
  return quoted(text.replaceAll('\\', '\\\\'));
}

/** 65,535 bytes of three-byte characters. */
export const LONG_TEXT: EdgeValue = {
  type: { kind: 'varchar', maxBytes: 65_535 },
  text: '☂'.repeat(21_845),
  literal: "CAST(REPEAT('☂',21845) AS VARCHAR(65535))",
};
