/**
 * Boundaries for text keys. Only the source compares text (blanks, collation), so boundaries come in the order in which
 * the source returned them; here they are only thinned out, never sorted.
 */
import type { Cut } from './cut-ranges.ts';
import { rangesBetween } from './cut-ranges.ts';

export interface PrefixCell {
  prefix: string;
  rows: bigint;
}

/**
 * May stand as a boundary: engines differ in how they order characters below the blank against a padded end, and a
 * boundary that ends with blanks equals one without.
 */
export function isSafeBoundary(text: string): boolean {
  for (const character of text) if ((character.codePointAt(0) ?? 0) < 0x20) return false;
  return text !== '' && !text.endsWith(' ');
}

/** Joins prefix cells, in source order, into ranges of about the wanted rows. */
export function cutTextRanges(request: {
  column: string;
  cells: readonly PrefixCell[];
  wantedRows: bigint;
  end: string | null;
}): Cut[] {
  const boundaries: string[] = [];
  const rows: bigint[] = [0n];
  for (const cell of request.cells) {
    const current = rows.at(-1) ?? 0n;
    const isNew =
      current > 0n &&
      current + cell.rows > request.wantedRows &&
      isSafeBoundary(cell.prefix) &&
      boundaries.at(-1) !== cell.prefix;
    if (isNew) {
      boundaries.push(cell.prefix);
      rows.push(cell.rows);
    } else {
      rows[rows.length - 1] = current + cell.rows;
    }
  }
  return rangesBetween({ column: request.column, boundaries, rows, end: request.end });
}
