/** Types of a source column, as the catalogue (format_type) names them. */
export type SourceType =
  | { kind: 'smallint' | 'integer' | 'bigint' | 'real' | 'double' | 'boolean' }
  | { kind: 'date' | 'timestamp' | 'timestamptz' | 'time' | 'timetz' }
  | { kind: 'decimal'; precision: number; scale: number }
  | { kind: 'char' | 'varchar'; maxBytes: number }
  | { kind: 'varbyte'; maxBytes: number }
  | { kind: 'super' | 'geometry' | 'geography' | 'hllsketch' | 'interval_year_month' | 'interval_day_second' }
  /** A type that this version does not know: always refused until acknowledged as an exclusion. */
  | { kind: 'unknown'; text: string };

export type SourceTypeKind = SourceType['kind'];

export interface SourceColumn {
  name: string;
  ordinal: number;
  type: SourceType;
  nullable: boolean;
  /** 1-based place in the sort key, 0 when the column is not in it (negative in an interleaved key). */
  sortKeyPosition: number;
  isDistKey: boolean;
  /** Text under a case-insensitive collation can carry no range: it orders differently from its bytes. */
  isCaseInsensitive: boolean;
}

/** Types of a target (Delta) column. */
export type TargetType =
  | { kind: 'SMALLINT' | 'INT' | 'BIGINT' | 'FLOAT' | 'DOUBLE' | 'BOOLEAN' | 'STRING' | 'BINARY' | 'DATE' }
  | { kind: 'TIMESTAMP' | 'TIMESTAMP_NTZ' | 'VARIANT' }
  | { kind: 'DECIMAL'; precision: number; scale: number };

/**
 * What a move of this column's values costs, judged against the data and not only against the declared type:
 * `lossless` same values, same meaning · `representation` same information in another form (TIME as microseconds) ·
 * `lossy` some value in this very table changes · `impossible` the type cannot be moved as data.
 * `lossy` and `impossible` are refused until acknowledged in the configuration.
 */
export type LossClass = 'lossless' | 'representation' | 'parsed' | 'lossy' | 'impossible';

export interface ColumnPlan {
  source: SourceColumn;
  target: { name: string; type: TargetType; nullable: boolean };
  loss: LossClass;
  /** Why the class is what it is, for a person. Empty for `lossless`. */
  lossReason: string;
  /** Acknowledged exclusion: the column is left out of the move, of the hash and of the target. */
  excluded: boolean;
}

export function targetTypeText(type: TargetType): string {
  return type.kind === 'DECIMAL' ? `DECIMAL(${type.precision},${type.scale})` : type.kind;
}

export function sourceTypeText(type: SourceType): string {
  switch (type.kind) {
    case 'decimal':
      return `numeric(${type.precision},${type.scale})`;
    case 'char':
      return `character(${type.maxBytes})`;
    case 'varchar':
      return `character varying(${type.maxBytes})`;
    case 'varbyte':
      return `binary varying(${type.maxBytes})`;
    case 'double':
      return 'double precision';
    case 'timestamp':
      return 'timestamp without time zone';
    case 'timestamptz':
      return 'timestamp with time zone';
    case 'time':
      return 'time without time zone';
    case 'timetz':
      return 'time with time zone';
    case 'interval_year_month':
      return 'interval year to month';
    case 'interval_day_second':
      return 'interval day to second';
    case 'unknown':
      return type.text;
    default:
      return type.kind;
  }
}

/**
 * Whether numbers of this VARIANT column may be rounded: the plan found such numbers and its loss was acknowledged, or it was
 * said beforehand of rows that come later (`rounding:COLUMN`). `loss:COLUMN` alone speaks of what the plan found.
 */
export function isRoundingAcknowledged(column: ColumnPlan, acknowledgements: readonly string[]): boolean {
  const { name } = column.source;
  return (
    acknowledgements.includes(`rounding:${name}`) ||
    (column.loss === 'lossy' && acknowledgements.includes(`loss:${name}`))
  );
}
