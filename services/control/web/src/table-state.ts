/** How a table stands in a few words, as `lakehaul status` says it, and how bad that is. Pure. */
import { count } from './format.ts';
import type { TableStatus } from './shapes.ts';

export interface TableState {
  words: string;
  tone: 'good' | 'warn' | 'bad' | '';
}

export function tableState(table: TableStatus): TableState {
  const { quarantined = 0, mismatched = 0 } = table.stages;
  const { accepted, repaired } = table;
  if (table.stop !== null) return { words: `stopped: ${table.stop.code}`, tone: 'bad' };
  if (quarantined > 0) return { words: `${count(quarantined)} quarantined`, tone: 'bad' };
  if (table.sealFaults.length > 0) return { words: 'seal broken', tone: 'bad' };
  if (mismatched > 0) return { words: `${count(mismatched)} mismatched`, tone: 'warn' };
  if (table.done + accepted < table.chunks) return { words: 'under way', tone: '' };
  if (table.writes === 'written') return { words: 'written at the source', tone: 'warn' };
  if (table.writes === 'gap') return { words: 'source not watched', tone: 'warn' };
  const all = accepted > 0 ? `${count(accepted)} taken unproven` : '';
  if (!table.isSealed) return { words: all === '' ? 'proven, not sealed' : `not sealed, ${all}`, tone: '' };
  // The seal holds what was taken unproven as well: that it is equal, nobody has said.
  if (all !== '') return { words: `sealed, ${all}`, tone: 'warn' };
  return { words: repaired > 0 ? `sealed, ${count(repaired)} repaired` : 'sealed', tone: 'good' };
}

/** Lower is worse. */
export function tableRank(table: TableStatus): number {
  if (table.stop !== null) return 0;
  if ((table.stages.quarantined ?? 0) > 0) return 1;
  if ((table.stages.mismatched ?? 0) > 0 || table.sealFaults.length > 0) return 2;
  const { tone } = tableState(table);
  return tone === 'good' ? 5 : tone === 'warn' ? 3 : 4;
}
