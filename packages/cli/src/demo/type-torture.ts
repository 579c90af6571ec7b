/** Every Redshift type with the edge values that break copies, as plain Redshift statements. */

const COLUMNS: readonly [name: string, type: string][] = [
  ['id', 'integer NOT NULL'],
  ['t_smallint', 'smallint'],
  ['t_integer', 'integer'],
  ['t_bigint', 'bigint'],
  ['t_decimal', 'decimal(18,2)'],
  ['t_decimal_10', 'decimal(20,10)'],
  // Redshift's largest scale is 37 (RDG, numeric types); the fingerprint's own tests go to 38.
  ['t_decimal_38', 'decimal(38,37)'],
  ['t_real', 'real'],
  ['t_double', 'double precision'],
  ['t_boolean', 'boolean'],
  ['t_char', 'char(8)'],
  ['t_varchar', 'varchar(400)'],
  ['t_text', 'varchar(65535)'],
  ['t_date', 'date'],
  ['t_timestamp', 'timestamp'],
  ['t_timestamptz', 'timestamptz'],
  ['t_time', 'time'],
  ['t_timetz', 'timetz'],
  ['t_varbyte', 'varbyte(64)'],
  ['t_super', 'super'],
  ['t_geometry', 'geometry'],
  ['t_interval_ym', 'interval year to month'],
  ['t_interval_ds', 'interval day to second'],
  ['t_hllsketch', 'hllsketch'],
];

type Values = Partial<Record<string, string>>;

/** Redshift reads a backslash in a literal as an escape (AWS guide: escape with two backslashes). */
const text = (value: string) => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
const double = (value: string) => `CAST('${value}' AS double precision)`;
const real = (value: string) => `CAST('${value}' AS real)`;

/** One row a line of thought; what a row does not name is NULL. */
const ROWS: readonly Values[] = [
  {},
  {
    t_smallint: '-32768',
    t_integer: '-2147483648',
    t_bigint: 'CAST(-9223372036854775807 AS bigint) - 1',
    t_boolean: 'FALSE',
  },
  { t_smallint: '32767', t_integer: '2147483647', t_bigint: '9223372036854775807', t_boolean: 'TRUE' },
  {
    t_smallint: '0',
    t_integer: '0',
    t_bigint: '9007199254740993',
    t_decimal: '0.00',
    t_decimal_10: '0.0000000000',
    t_decimal_38: '0',
  },
  {
    t_decimal: '-9999999999999999.99',
    t_decimal_10: '0.0000000001',
    t_decimal_38: '0.9999999999999999999999999999999999999',
  },
  {
    t_decimal: '1.10',
    t_decimal_10: '-1234567890.0123456789',
    t_decimal_38: '-0.0000000000000000000000000000000000001',
  },
  { t_real: real('NaN'), t_double: double('NaN') },
  { t_real: real('Infinity'), t_double: double('Infinity') },
  { t_real: real('-Infinity'), t_double: double('-Infinity') },
  { t_real: real('-0.0'), t_double: double('-0.0') },
  { t_real: real('1e28'), t_double: double('1e28') },
  { t_real: real('1e-11'), t_double: double('1e-11') },
  { t_real: real('1.4e-45'), t_double: double('4.9406564584124654e-324') },
  { t_real: real('3.4028235e38'), t_double: double('1.7976931348623157e308') },
  { t_real: real('1.1754944e-38'), t_double: double('2.2250738585072014e-308') },
  { t_real: real('0.1'), t_double: double('0.30000000000000004') },
  { t_real: real('16777217'), t_double: double('9007199254740993') },
  { t_char: text(''), t_varchar: text(''), t_text: text('') },
  { t_char: text(' '), t_varchar: text(' '), t_text: text('  ') },
  { t_char: text('abc  '), t_varchar: text('abc  '), t_text: text('  abc  ') },
  { t_char: text('abc'), t_varchar: text('abc'), t_text: text('|-1|,\\N"\\') },
  { t_varchar: text('tab\there'), t_text: text("line\nfeed\r\nreturn 'quoted'") },
  { t_varchar: text('\u0001\u0007\u001f\u007f'), t_text: text('bell \u0007 escape \u001b end') },
  { t_varchar: text('é'.repeat(150)), t_text: text('x'.repeat(300)) },
  { t_varchar: text('café'), t_text: text('cafe\u0301') },
  { t_varchar: text('😀🧪🏴󠁧󠁢󠁥󠁮󠁧󠁿'), t_text: text('日本語 العربية ‮rtl‬') },
  { t_text: `REPEAT('z', 65535)` },
  {
    t_date: `DATE '0001-01-01'`,
    t_timestamp: `TIMESTAMP '0001-01-01 00:00:00'`,
    t_timestamptz: `CAST('0001-01-01 00:00:00+00' AS timestamptz)`,
  },
  {
    t_date: `DATE '9999-12-31'`,
    t_timestamp: `TIMESTAMP '9999-12-31 23:59:59.999999'`,
    t_timestamptz: `CAST('9999-12-31 23:59:59.999999+00' AS timestamptz)`,
  },
  {
    t_date: `DATE '1582-10-10'`,
    t_timestamp: `TIMESTAMP '1582-10-10 12:00:00'`,
    t_timestamptz: `CAST('1899-12-31 23:59:59+00' AS timestamptz)`,
  },
  {
    t_date: `DATE '1970-01-01'`,
    t_timestamp: `TIMESTAMP '1969-12-31 23:59:59.999999'`,
    t_timestamptz: `CAST('1970-01-01 00:00:00.000001+00' AS timestamptz)`,
  },
  {
    t_date: `DATE '2024-02-29'`,
    t_timestamp: `TIMESTAMP '2024-03-10 02:30:00.123456'`,
    t_timestamptz: `CAST('2024-10-27 01:30:00+02' AS timestamptz)`,
  },
  { t_time: `TIME '00:00:00'`, t_timetz: `CAST('00:00:00+00' AS timetz)` },
  { t_time: `TIME '23:59:59.999999'`, t_timetz: `CAST('23:59:59.999999+00' AS timetz)` },
  { t_time: `TIME '12:34:56.000001'` },
  { t_varbyte: `FROM_HEX('')` },
  { t_varbyte: `FROM_HEX('00ff10')` },
  { t_super: `JSON_PARSE('{"a":[1,2.50,null,"x"],"b":{"c":true}}')` },
  { t_super: `JSON_PARSE('[]')` },
  { t_super: `JSON_PARSE('"text"')` },
  {
    t_interval_ym: `INTERVAL '5-3' YEAR TO MONTH`,
    t_interval_ds: `INTERVAL '3 04:05:06.000007' DAY TO SECOND`,
  },
  { t_interval_ym: `INTERVAL '-0-1' YEAR TO MONTH`, t_interval_ds: `INTERVAL '-0 00:00:01' DAY TO SECOND` },
];

const TABLE = '"types"."type_torture"';

export const TYPE_TORTURE_SQL: readonly string[] = [
  'CREATE SCHEMA IF NOT EXISTS "types"',
  `DROP TABLE IF EXISTS ${TABLE}`,
  `CREATE TABLE ${TABLE} (${COLUMNS.map(([name, type]) => `${name} ${type}`).join(', ')}) DISTSTYLE EVEN COMPOUND SORTKEY (id)`,
  ...ROWS.map((values, id) => {
    const row = { id: String(id + 1), ...values };
    return `INSERT INTO ${TABLE} (${Object.keys(row).join(', ')}) VALUES (${Object.values(row).join(', ')})`;
  }),
];
