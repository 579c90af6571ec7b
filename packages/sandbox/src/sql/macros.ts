/**
 * Macros that emitted SQL calls: checks that DuckDB does not make itself. The engine runs them once a database, and puts
 * that database on the search path. A value that the sandbox cannot treat exactly ends in an error, never in a guess.
 */
const P = 'lakehaul_';

const REFUSED = `is not supported by the sandbox`;

export const MACROS: readonly string[] = [
  // DuckDB answers NULL (or infinity) where both clouds raise an error.
  `${P}divisor(x) AS CASE WHEN x = 0 THEN error('division by zero') ELSE x END`,
  `${P}sum(x, approximate, most) AS CASE WHEN approximate IS NULL OR abs(approximate) < most THEN x ELSE error('overflow of a decimal sum') END`,
  // DuckDB reads 0x10, 1_000, 1.5 and 1e3 as integers; the clouds do not.
  `${P}int_text(x) AS CASE WHEN x IS NULL OR regexp_full_match(x, '[ \\t\\n\\r]*[+-]?[0-9]+[ \\t\\n\\r]*') THEN trim(x, E' \\t\\n\\r') ELSE error('invalid input syntax for integer') END`,
  `${P}decimal_text(x, s) AS CASE WHEN x IS NULL THEN x WHEN NOT regexp_full_match(x, ' *[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+) *') THEN error('invalid input syntax for type numeric, or one that ${REFUSED}') WHEN strpos(x, '.') > 0 AND length(trim(x)) - strpos(trim(x), '.') > s THEN error('rounding text to a decimal ${REFUSED}') ELSE trim(x) END`,
  `${P}double_text(x) AS CASE WHEN x IS NULL THEN x WHEN regexp_full_match(x, '(NaN|-?Infinity)') THEN x WHEN regexp_full_match(x, ' *[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)? *') AND isfinite(CAST(x AS DOUBLE)) THEN trim(x) ELSE error('invalid input syntax for type double precision, or one that ${REFUSED}') END`,
  `${P}date_text(x) AS CASE WHEN x IS NULL OR regexp_full_match(x, '[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN x ELSE error('this text of a date ${REFUSED}') END`,
  `${P}timestamp_text(x) AS CASE WHEN x IS NULL OR regexp_full_match(x, '[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?)?') THEN x ELSE error('this text of a timestamp ${REFUSED}') END`,
  `${P}bool_text(x) AS CASE WHEN x IS NULL OR lower(x) IN ('true','false') THEN x ELSE error('this text of a boolean ${REFUSED}') END`,
  // Rounding of fractions on Redshift is not confirmed: only whole numbers pass.
  `${P}whole(x) AS CASE WHEN x IS NULL OR x = trunc(x) THEN x ELSE error('rounding in a cast to an integer ${REFUSED}') END`,
  // Only ASCII folds the same way everywhere.
  `${P}ascii(x) AS CASE WHEN x IS NULL OR strlen(x) = length(x) THEN x ELSE error('UPPER and LOWER of text beyond ASCII ${REFUSED}') END`,
  `${P}is_tail(b, k) AS array_slice(b, k + 1, k + 1) BETWEEN '\\x80'::BLOB AND '\\xBF'::BLOB`,
  // 15 digits, as Redshift prints a double (extra_float_digits 0).
  `${P}float_text(x, f) AS CASE WHEN isnan(x) THEN 'NaN' WHEN isinf(x) THEN CASE WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END ELSE format(f, x) END`,
  // A number whose text is longer than the VARCHAR is an error, not a shorter number.
  `${P}number_fit(x, n) AS CASE WHEN strlen(x) <= n OR x IS NULL THEN x ELSE error('value too long for the character type of this cast') END`,
  `${P}joined_fit(x, n) AS CASE WHEN x IS NULL OR strlen(x) <= n THEN x ELSE error('Value too long for character type') END`,
  `${P}bytes_fit(x, n) AS CASE WHEN octet_length(x) <= n OR x IS NULL THEN x ELSE error('value too long for type binary varying') END`,
  // First n bytes of a text, characters whole.
  `${P}cut(x, n) AS CASE WHEN strlen(x) <= n THEN x WHEN strlen(x) = length(x) THEN left(x, n) ELSE decode(array_slice(encode(x), 1, CASE WHEN NOT ${P}is_tail(encode(x), n) THEN n WHEN NOT ${P}is_tail(encode(x), n - 1) THEN n - 1 WHEN NOT ${P}is_tail(encode(x), n - 2) THEN n - 2 ELSE n - 3 END)) END`,
  // Text that must fit, trailing blanks aside (SQL assignment).
  `${P}fit(x, n) AS CASE WHEN x IS NULL OR strlen(x) <= n THEN x WHEN strlen(rtrim(x, ' ')) <= n THEN ${P}cut(x, n) ELSE error('Value too long for character type') END`,
  `${P}fit_chars(x, n) AS CASE WHEN x IS NULL OR length(x) <= n THEN x WHEN length(rtrim(x, ' ')) <= n THEN left(x, n) ELSE error('[DELTA_EXCEED_CHAR_VARCHAR_LIMIT] Exceeds char/varchar type length limitation') END`,
  `${P}hex_int(x) AS CASE WHEN x IS NULL THEN NULL WHEN x = '' THEN 0 WHEN regexp_full_match(x, '[0-9a-fA-F]{1,16}') THEN CAST('0x' || x AS BIGINT) ELSE error('STRTOL: invalid or out of range') END`,
  // conv goes through an unsigned 64-bit number.
  `${P}conv_hex(x) AS CASE WHEN x IS NULL THEN NULL WHEN regexp_full_match(x, '[0-9a-fA-F]{1,16}') THEN CAST(CAST('0x' || x AS UBIGINT) AS VARCHAR) ELSE error('this argument of conv ${REFUSED}') END`,
  `${P}unhex(x) AS CASE WHEN x IS NULL THEN NULL WHEN strlen(x) % 2 = 0 AND regexp_full_match(x, '[0-9a-fA-F]*') THEN from_hex(x) ELSE error('invalid hexadecimal text') END`,
  `${P}json(x) AS CASE WHEN x IS NULL OR json_valid(x) THEN CAST(x AS JSON) ELSE error('invalid JSON') END`,
].map((macro) => `CREATE OR REPLACE MACRO ${macro}`);
