/** The one rendering of "which rows" for Redshift: counts, unloads, fingerprints and measures all use it. */
import { type KeyPart, LakehaulError, type RowPredicate, type SourceColumn, type SourceType } from '@lakehaul/core';
import { quoteName, textLiteral } from './identifier.ts';

export type HashPart = Extract<KeyPart, { kind: 'hash' }>;

/**
 * Conditions on table alias `t`, without the hash parts; null when there is none. A NULL in the cut line's column is
 * hauled: it is not at or after anything. A column that is not among `columns` gets an untyped literal, which takes the
 * column's own type.
 */
export function predicateSql(predicate: RowPredicate, columns: readonly SourceColumn[]): string | null {
  const nameOf = (column: string) => `t.${quoteName(column)}`;
  const literal = (name: string, text: string) => {
    const column = columns.find((each) => each.name === name);
    return column === undefined ? textLiteral(text) : keyLiteral(column.type, text);
  };
  const conditions: string[] = [];
  for (const part of predicate.parts) {
    if (part.kind === 'hash') continue;
    const name = nameOf(part.column);
    if (part.kind === 'null') conditions.push(`${name} IS NULL`);
    else {
      if (part.from !== null) conditions.push(`${name}>=${literal(part.column, part.from)}`);
      if (part.to !== null) conditions.push(`${name}<${literal(part.column, part.to)}`);
      // A range has no NULL in it; a comparison says so by itself.
      if (part.from === null && part.to === null) conditions.push(`${name} IS NOT NULL`);
    }
  }
  const { cutLine } = predicate;
  if (cutLine !== null) {
    const name = nameOf(cutLine.column);
    conditions.push(`(${name}<${literal(cutLine.column, cutLine.before)} OR ${name} IS NULL)`);
  }
  return conditions.length === 0 ? null : conditions.join(' AND ');
}

export function hashParts(predicate: RowPredicate): HashPart[] {
  return predicate.parts.filter((part): part is HashPart => part.kind === 'hash');
}

/** A literal of the key's own type, so that the comparison casts nothing and zone maps keep working. */
export function keyLiteral(type: SourceType, text: string): string {
  const checked = (pattern: RegExp): string => {
    if (!pattern.test(text)) throw new LakehaulError('INTERNAL', `a bound of the plan is no ${type.kind} literal`);
    return text;
  };
  switch (type.kind) {
    case 'smallint':
    case 'integer':
    case 'bigint':
      // A bound may lie outside of a narrow column's type (the end of a histogram's last bucket).
      return `'${checked(/^-?\d{1,19}$/)}'::bigint`;
    case 'decimal':
      return `'${checked(/^-?\d{1,38}(\.\d{1,38})?$/)}'::decimal(${type.precision},${type.scale})`;
    case 'date':
      return `'${checked(/^\d{4}-\d{2}-\d{2}$/)}'::date`;
    case 'timestamp':
      return `'${checked(TIMESTAMP)}'::timestamp`;
    case 'timestamptz':
      // Not the session's zone, whatever it is.
      return `('${checked(TIMESTAMP)}'::timestamp AT TIME ZONE 'UTC')`;
    case 'char':
    case 'varchar':
      return textLiteral(text);
    default:
      throw new LakehaulError('KEY_UNUSABLE', `a column of type ${type.kind} cannot carry ranges`);
  }
}

const TIMESTAMP = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d{1,6})?$/;
