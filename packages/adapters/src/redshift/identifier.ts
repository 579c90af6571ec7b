import { LakehaulError, type SourceTableName } from '@lakehaul/core';

/** Redshift identifiers are at most 127 bytes; none may hold a NUL. */
export function quoteName(name: string): string {
  if (name === '' || name.includes('\0')) throw new LakehaulError('INTERNAL', 'an identifier is empty or holds a NUL');
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteTable(table: Pick<SourceTableName, 'schema' | 'table'>): string {
  return `${quoteName(table.schema)}.${quoteName(table.table)}`;
}

/**
 * A text literal that reads the same whatever Redshift makes of backslashes (standard_conforming_strings is off in its
 * family, the guide escapes with two; inside UNLOAD('…') there is a second level): they become CHR(92).
 */
export function textLiteral(text: string): string {
  if (text.includes('\0')) throw new LakehaulError('INTERNAL', 'a text literal holds a NUL');
  const pieces = text.split('\\').map((piece) => `'${piece.replaceAll("'", "''")}'`);
  return pieces.length === 1 ? (pieces[0] as string) : `(${pieces.join('||CHR(92)||')})`;
}

/** A whole statement as the quoted query of an UNLOAD. Backslashes can only come from names here. */
export function quoteQuery(sql: string): string {
  return `'${sql.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** Names with upper-case letters exist only under this setting, and are found only under it. */
export function needsCaseSensitiveNames(names: readonly string[]): boolean {
  return names.some((name) => name !== name.toLowerCase());
}
