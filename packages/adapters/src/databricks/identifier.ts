import { LakehaulError, type TargetTableName } from '@lakehaul/core';

export function quoteName(name: string): string {
  if (name === '' || name.includes('\0')) throw new LakehaulError('INTERNAL', 'an identifier is empty or holds a NUL');
  return `\`${name.replaceAll('`', '``')}\``;
}

export function quoteTable(table: TargetTableName): string {
  return `${quoteName(table.catalog)}.${quoteName(table.schema)}.${quoteName(table.table)}`;
}

/** Backslash escapes: what a doubled quote means has differed between versions of Spark. */
export function textLiteral(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** The leading comment that the query history is searched for. */
export function tagComment(tag: string): string {
  if (!/^[\w./-]+$/.test(tag))
    throw new LakehaulError('INTERNAL', 'a statement tag holds a character that is not allowed');
  return `/* lakehaul:${tag} */`;
}
