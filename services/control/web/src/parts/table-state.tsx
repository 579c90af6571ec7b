import type { TableStatus } from '../shapes.ts';
import { tableState } from '../table-state.ts';

export function TableState({ table }: { table: TableStatus }) {
  const { words, tone } = tableState(table);
  return <span class={tone}>{words}</span>;
}
