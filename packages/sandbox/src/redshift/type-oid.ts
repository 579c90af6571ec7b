import type { SqlType, SqlTypeKind } from '../sql/index.ts';

/** pg_type's oids as Redshift has them (driver sources: amazon-redshift-jdbc-driver, Oid.java / RedshiftOID). */
const OIDS: Partial<Record<SqlTypeKind, number>> = {
  boolean: 16,
  bigint: 20,
  smallint: 21,
  tinyint: 21,
  integer: 23,
  real: 700,
  double: 701,
  char: 1042,
  varchar: 1043,
  string: 1043,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  interval_year_month: 1188,
  interval_day_second: 1190,
  timetz: 1266,
  decimal: 1700,
  hllsketch: 2935,
  geometry: 3000,
  geography: 3001,
  super: 4000,
  varbyte: 6551,
  binary: 6551,
};

export function typeOid(type: SqlType): number {
  return OIDS[type.kind] ?? 705;
}

/** atttypmod: lengths and precision as PostgreSQL packs them. */
export function typeModifier(type: SqlType): number {
  switch (type.kind) {
    case 'char':
    case 'varchar':
    case 'varbyte':
      return type.length + 4;
    case 'decimal':
      return type.precision * 65536 + type.scale + 4;
    default:
      return -1;
  }
}

const NAMES: Record<number, string> = {
  16: 'boolean',
  20: 'bigint',
  21: 'smallint',
  23: 'integer',
  25: 'text',
  26: 'oid',
  700: 'real',
  701: 'double precision',
  1082: 'date',
  1083: 'time without time zone',
  1114: 'timestamp without time zone',
  1184: 'timestamp with time zone',
  1188: 'interval year to month',
  1190: 'interval day to second',
  1266: 'time with time zone',
  2935: 'hllsketch',
  3000: 'geometry',
  3001: 'geography',
  4000: 'super',
};

/** format_type(oid, typmod) as an engine expression over two emitted arguments. */
export function formatTypeSql(oid: string, modifier: string): string {
  const plain = Object.entries(NAMES).map(([value, name]) => `WHEN ${value} THEN '${name}'`);
  const sized = [
    [1042, 'character'],
    [1043, 'character varying'],
    [6551, 'binary varying'],
  ].map(
    ([value, name]) =>
      `WHEN ${value} THEN '${name}' || CASE WHEN ${modifier} > 4 THEN '(' || (${modifier} - 4) || ')' ELSE '' END`,
  );
  const numeric = `WHEN 1700 THEN 'numeric' || CASE WHEN ${modifier} > 4 THEN '(' || ((${modifier} - 4) // 65536) || ',' || ((${modifier} - 4) % 65536) || ')' ELSE '' END`;
  return `(CASE CAST(${oid} AS BIGINT) ${[...plain, ...sized, numeric].join(' ')} ELSE '???' END)`;
}
