/**
 * The canonical text of a value in both dialects: one row per source type, Redshift from the source column, Databricks
 * from the target column. The two must give the same text for the same value, and different texts for different values;
 * canonical-text.ts is the referee. Facts 7: engine text of floats, timestamps and booleans is never used.
 *
 * Columns are read by position: `c<n>` at the bottom; what a text needs besides is selected on one or two levels above.
 */
import { LakehaulError, type SourceType } from '@lakehaul/core';
import type { SqlDialect } from './dialect.ts';
import { ladderConstants, ladderSql } from './float-ladder.ts';

/**
 * `fixed` texts are never empty and never hold a `|`. `free` ones may be anything, so their lengths are hashed as well.
 */
export type TextForm = 'fixed' | 'free';

export interface HashColumn {
  /** 1-based among the moved columns: the number in all aliases. */
  position: number;
  type: SourceType;
  /** A SUPER that becomes VARIANT: the target side then knows its value only, not its text. */
  isVariant?: boolean;
}

export interface CanonicalSql {
  form: TextForm;
  /** Select items beside `c<n>` itself at the bottom; `$` stands for the column there. */
  bottom: string[];
  first: string[];
  second: string[];
  /** On top of these levels; NULL for NULL. */
  text: string;
  /** Constants that must be selected at the bottom. */
  needs: readonly ConstantSet[];
}

export type ConstantSet = 'epoch' | 'ladder';

const NONE: Pick<CanonicalSql, 'bottom' | 'first' | 'second' | 'needs'> = {
  bottom: [],
  first: [],
  second: [],
  needs: [],
};

export function constantItems(dialect: SqlDialect, set: ConstantSet): string[] {
  if (set === 'ladder') return ladderConstants(dialect);
  return dialect === 'redshift' ? [`'1970-01-01 00:00:00'::timestamp AS e1`] : [];
}

/** The column's text on the target side is the same as the wire's: stored as it came. */
const STORED_AS_TEXT = new Set(['timetz', 'super', 'geometry', 'geography', 'char', 'varchar']);

export function textFormOf(type: SourceType): TextForm {
  return STORED_AS_TEXT.has(type.kind) || type.kind === 'varbyte' ? 'free' : 'fixed';
}

export function canonicalSql(dialect: SqlDialect, column: HashColumn): CanonicalSql {
  return dialect === 'redshift' ? redshiftSql(column) : databricksSql(column);
}

/** JSON text of a SUPER. Whether JSON_SERIALIZE of NULL is NULL or the text `null` is not told: NULL stays NULL. */
export function serializeSql(column: string): string {
  return `CASE WHEN ${column} IS NOT NULL THEN JSON_SERIALIZE(${column}) END`;
}

function redshiftSql({ position, type }: HashColumn): CanonicalSql {
  const c = `c${position}`;
  const fixed = (text: string, rest: Partial<CanonicalSql> = {}): CanonicalSql => ({
    ...NONE,
    form: 'fixed',
    text,
    ...rest,
  });
  // Derived text gets a name, because the row text uses it three times.
  const derived = (text: string): CanonicalSql => ({
    ...NONE,
    form: 'free',
    first: [`${text} AS x${position}`],
    text: `x${position}`,
  });
  switch (type.kind) {
    // A bare CAST AS VARCHAR cuts at 256 in silence (facts 3.1): every length is written.
    case 'smallint':
      return fixed(`${c}::varchar(6)`);
    case 'integer':
      return fixed(`${c}::varchar(11)`);
    case 'bigint':
      return fixed(`${c}::varchar(20)`);
    case 'decimal':
      return fixed(`${c}::varchar(41)`);
    case 'boolean':
      // Redshift has no cast from BOOLEAN to VARCHAR (facts 3.1).
      return fixed(`CASE WHEN ${c} THEN '1' WHEN NOT ${c} THEN '0' END`);
    case 'date':
      return fixed(`DATEDIFF(day,DATE '1970-01-01',${c})::varchar(11)`);
    case 'timestamp':
      return fixed(`DATEDIFF(microsecond,e1,${c})::varchar(20)`, { needs: ['epoch'] });
    case 'timestamptz':
      return fixed(`DATEDIFF(microsecond,e1,${c} AT TIME ZONE 'UTC')::varchar(20)`, { needs: ['epoch'] });
    case 'time':
      return fixed(`DATEDIFF(microsecond,TIME '00:00:00',${c})::varchar(20)`);
    case 'interval_year_month':
      // Counted on the calendar: what EXTRACT and CAST make of an interval is not confirmed.
      return fixed(`DATEDIFF(month,e1,e1+${c})::varchar(20)`, { needs: ['epoch'] });
    case 'interval_day_second':
      return fixed(`DATEDIFF(microsecond,e1,e1+${c})::varchar(20)`, { needs: ['epoch'] });
    case 'real':
    case 'double': {
      const ladder = ladderSql('redshift', position, type.kind === 'real');
      return fixed(ladder.text, { ...ladder, bottom: [`ABS($::float8) AS a${position}`], needs: ['ladder'] });
    }
    case 'varchar':
      return { ...NONE, form: 'free', text: c };
    case 'char':
      return derived(`RTRIM(${c}::varchar(${type.maxBytes}))`);
    case 'varbyte':
      return derived(`LOWER(TO_HEX(${c}))`);
    case 'super':
      return derived(serializeSql(c));
    case 'timetz':
      return derived(`${c}::varchar(21)`);
    case 'geometry':
    case 'geography':
      return derived(`ST_AsHexEWKB(${c})`);
    case 'hllsketch':
    case 'unknown':
      return refuse(type);
  }
}

function databricksSql({ position, type, isVariant }: HashColumn): CanonicalSql {
  const c = `c${position}`;
  const fixed = (text: string, rest: Partial<CanonicalSql> = {}): CanonicalSql => ({
    ...NONE,
    form: 'fixed',
    text,
    ...rest,
  });
  switch (type.kind) {
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'time':
    case 'interval_year_month':
    case 'interval_day_second':
    // With ANSI mode on, a DECIMAL keeps the digits of its scale (facts 5.4).
    case 'decimal':
      return fixed(`CAST(${c} AS STRING)`);
    case 'boolean':
      return fixed(`CASE WHEN ${c} THEN '1' WHEN NOT ${c} THEN '0' END`);
    case 'date':
      return fixed(`CAST(unix_date(${c}) AS STRING)`);
    case 'timestamp':
      // TIMESTAMP_NTZ becomes an instant in the session's zone: the queries around this refuse any zone but UTC.
      return fixed(`CAST(unix_micros(CAST(${c} AS TIMESTAMP)) AS STRING)`);
    case 'timestamptz':
      return fixed(`CAST(unix_micros(${c}) AS STRING)`);
    case 'real':
    case 'double': {
      const ladder = ladderSql('databricks', position, type.kind === 'real');
      return fixed(ladder.text, { ...ladder, bottom: [`abs(CAST($ AS DOUBLE)) AS a${position}`], needs: ['ladder'] });
    }
    case 'varbyte':
      return { ...NONE, form: 'free', first: [`lower(hex(${c})) AS x${position}`], text: `x${position}` };
    case 'super':
      // Never compared with the source's text, but with to_json of the staged text, parsed by the same warehouse.
      if (isVariant === true)
        return { ...NONE, form: 'free', first: [`to_json(${c}) AS x${position}`], text: `x${position}` };
      return { ...NONE, form: 'free', text: c };
    // CHAR arrives trimmed; it is not trimmed again, so that blanks added in the target show.
    case 'char':
    case 'varchar':
    case 'timetz':
    case 'geometry':
    case 'geography':
      return { ...NONE, form: 'free', text: c };
    case 'hllsketch':
    case 'unknown':
      return refuse(type);
  }
}

function refuse(type: SourceType): never {
  throw new LakehaulError('LOSS_NOT_ACKNOWLEDGED', `a column of type ${type.kind} cannot be moved; exclude it`);
}
