/** A page of chunks: one line each, and under it what is wrong and what to do. */
import type { ChunkPage, ListedChunk } from '@lakehaul/operate';
import { cutText } from './safe-text.ts';
import { table } from './table.ts';

export function chunksText(page: ChunkPage, columns: number): string {
  if (page.chunks.length === 0) return 'no such chunk';
  const head = table(
    page.chunks,
    [
      { title: 'chunk', text: (row) => `${row.table}/${row.ref.chunk}`, isFlexible: true },
      { title: 'stage', text: (row) => row.stage },
      { title: 'attempt', align: 'right', text: (row) => String(row.attempt) },
      { title: 'code', text: codeOf },
      { title: 'changed', text: (row) => row.changedAt?.replace('.000Z', 'Z') ?? '' },
    ],
    columns,
  );
  const told = page.chunks.flatMap((row) => explained(row, columns));
  return [
    head,
    ...(told.length > 0 ? ['', ...told] : []),
    ...(page.next === null ? [] : ['', `more: --after ${page.next}`]),
  ].join('\n');
}

function codeOf(row: ListedChunk): string {
  const { trouble } = row;
  if (trouble === null) return '';
  return trouble.code === 'ATTEMPTS_EXHAUSTED' ? trouble.cause : trouble.code;
}

function explained(row: ListedChunk, columns: number): string[] {
  const name = `${row.table}/${row.ref.chunk}`;
  if (row.accepted !== null)
    return [cutText(`${name}  accepted by ${row.accepted.who}: ${row.accepted.reason}`, columns)];
  if (row.trouble === null) return [];
  const { reason, likely, next } = row.trouble;
  return [
    cutText(`${name}  ${reason}`, columns),
    ...(likely === null ? [] : [cutText(`  likely: ${likely}`, columns)]),
    cutText(`  next: ${next}`, columns),
  ];
}
