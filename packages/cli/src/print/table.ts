/** Aligned plain-text tables; numbers to the right, the widest text column gives way when the terminal is narrow. */
import { cutText, plainText, visibleLength, wrapText } from './safe-text.ts';

export interface Column<Row> {
  title: string;
  align?: 'left' | 'right';
  text: (row: Row) => string;
  /** Colours the padded cell. */
  paint?: (row: Row, cell: string) => string;
  /** May be cut with … to fit, or goes on in the next line where `isWrapped`. */
  isFlexible?: boolean;
  isWrapped?: boolean;
}

const GAP = 2;
const MIN_WIDTH = 8;

export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], width: number): string {
  const cells = rows.map((row) => columns.map((column) => plainText(column.text(row))));
  const widths = columns.map((column, index) =>
    Math.max(visibleLength(plainText(column.title)), ...cells.map((line) => visibleLength(line[index] ?? ''))),
  );
  const total = widths.reduce((sum, each) => sum + each, 0) + GAP * (columns.length - 1);
  let excess = total - width;
  while (excess > 0) {
    const widest = columns.reduce(
      (found, column, index) =>
        column.isFlexible === true && (widths[index] ?? 0) > Math.max(MIN_WIDTH, widths[found] ?? 0) ? index : found,
      -1,
    );
    if (widest < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess--;
  }
  const line = (texts: readonly string[], row: Row | null) =>
    columns
      .map((column, index) => {
        const cell = pad(texts[index] ?? '', widths[index] ?? 0, column.align ?? 'left');
        return row === null || column.paint === undefined ? cell : column.paint(row, cell);
      })
      .join(' '.repeat(GAP))
      .trimEnd();
  return [
    line(
      columns.map((column) => plainText(column.title)),
      null,
    ),
    ...rows.flatMap((row, index) => rowLines(cells[index] ?? [], columns, widths).map((texts) => line(texts, row))),
  ].join('\n');
}

/** A row's cells, line by line: one line, but for wrapped columns that need more. */
function rowLines<Row>(
  cells: readonly string[],
  columns: readonly Column<Row>[],
  widths: readonly number[],
): string[][] {
  const split = cells.map((cell, index) =>
    columns[index]?.isWrapped === true ? wrapText(cell, widths[index] ?? 0).split('\n') : [cell],
  );
  const height = Math.max(...split.map((lines) => lines.length));
  return Array.from({ length: height }, (_, at) => split.map((lines) => lines[at] ?? ''));
}

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const cut = cutText(text, width);
  const blanks = ' '.repeat(width - visibleLength(cut));
  return align === 'right' ? blanks + cut : cut + blanks;
}
