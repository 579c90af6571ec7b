import { notShown, type RowsSeen, type SeenMismatch } from '@lakehaul/operate';
import { counted } from './units.ts';

/** One mismatch told for a person: what differed, by column, then the rows, or why they are not shown. */
export function diffText(seen: SeenMismatch, keepMs: number): string {
  const { body, attempt, at } = seen.receipt;
  const columns = body.differingColumns ?? [];
  return [
    `attempt ${attempt}, ${at}:`,
    ...body.differences.map((difference) => `  ${difference}`),
    ...(body.missingRows === ''
      ? []
      : [
          `  missing ${counted(body.missingRows, 'row')}, extra ${counted(body.extraRows, 'row')}, changed ${counted(body.changedRows, 'row')}`,
        ]),
    ...(columns.length === 0
      ? []
      : [`  columns: ${columns.map(({ name, rowCount }) => `${name} in ${counted(rowCount, 'row')}`).join(', ')}`]),
    ...(body.rowsSha256 === null ? [] : [`  rows: SHA-256 ${body.rowsSha256}`]),
    ...rowLines(seen.rows, keepMs),
  ].join('\n');
}

function rowLines(rows: RowsSeen, keepMs: number): string[] {
  if (rows.state !== 'shown') return [`  ${notShown(rows, keepMs)}`];
  const { report } = rows;
  return [
    ...report.rows.flatMap((row) => {
      const key = Object.entries(row.key).map(([name, value]) => `${name}=${value ?? 'NULL'}`);
      return [
        `  ${row.kind}  ${key.join(', ')}`,
        ...row.columns.map(
          (column) => `      ${column.name}: source ${column.source ?? 'NULL'}, target ${column.target ?? 'NULL'}`,
        ),
      ];
    }),
    ...(report.isTruncated ? ['  the list is cut (services.diffRows); the counts are complete'] : []),
  ];
}
