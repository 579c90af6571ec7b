/** Aligned plain-text tables; numbers to the right, the widest text column gives way when the terminal is narrow. */

export interface Column<Row> {
  title: string;
  align?: 'left' | 'right';
  text: (row: Row) => string;
  /** May be cut with … to fit. */
  isFlexible?: boolean;
}

const GAP = 2;

export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], width: number): string {
  const cells = rows.map((row) => columns.map((column) => oneLine(column.text(row))));
  const widths = columns.map((column, index) =>
    Math.max(visibleLength(column.title), ...cells.map((line) => visibleLength(line[index] ?? ''))),
  );
  const total = widths.reduce((sum, each) => sum + each, 0) + GAP * (columns.length - 1);
  const flexible = columns.findIndex((column) => column.isFlexible === true);
  if (total > width && flexible >= 0) widths[flexible] = Math.max(8, (widths[flexible] ?? 0) - (total - width));
  const line = (texts: readonly string[]) =>
    texts
      .map((text, index) => pad(text, widths[index] ?? 0, columns[index]?.align ?? 'left'))
      .join(' '.repeat(GAP))
      .trimEnd();
  return [line(columns.map((column) => column.title)), ...cells.map(line)].join('\n');
}

/** A name may hold anything; one row stays one line. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters of hostile names must not reach a terminal
  return text.replace(/[\u0000-\u001a\u001c-\u001f\u007f]/g, '·');
}

function visibleLength(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour sequences take no room
  return [...text.replace(/\x1b\[[0-9;]*m/g, '')].length;
}

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const length = visibleLength(text);
  if (length > width) return `${[...text].slice(0, width - 1).join('')}…`;
  const blanks = ' '.repeat(width - length);
  return align === 'right' ? blanks + text : text + blanks;
}
