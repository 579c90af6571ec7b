/** File skipping by the log's statistics: a file stays unless its bounds prove that no row can match. */
import { type DeltaColumn, findColumn } from './schema.ts';
import type { FileStats } from './stats.ts';

/** What a conjunct of a predicate says about one column, values as the literal's text. */
export interface Bounds {
  column: string;
  /** Inclusive; null = open. A strict bound may be given as its inclusive one: skipping only has to be safe. */
  low: string | null;
  high: string | null;
  /** 'null': only NULLs match (IS NULL); 'value': only non-NULLs match. */
  matches: 'null' | 'value';
}

export function mayMatch(stats: FileStats | null, bounds: readonly Bounds[], columns: readonly DeltaColumn[]): boolean {
  if (!stats) return true;
  return bounds.every((bound) => mayMatchOne(stats, bound, columns));
}

function mayMatchOne(stats: FileStats, bound: Bounds, columns: readonly DeltaColumn[]): boolean {
  const column = findColumn(columns, bound.column);
  if (!column) return true;
  const nulls = stats.nullCount.get(column.physicalName);
  if (bound.matches === 'null') return nulls === undefined || nulls > 0n;
  if (nulls !== undefined && nulls === stats.numRecords) return false;
  const min = stats.minValues.get(column.physicalName);
  const max = stats.maxValues.get(column.physicalName);
  if (min === undefined || max === undefined) return true;
  // Only integers and dates order by exact text here; other types are left to Parquet's own row-group statistics.
  if (bound.high !== null && isAbove(column.type, min, bound.high)) return false;
  if (bound.low !== null && isAbove(column.type, bound.low, max)) return false;
  return true;
}

const INTEGERS = new Set(['byte', 'short', 'integer', 'long']);
const ISO_DATE = /^\d{4}-\d\d-\d\d$/;

/** left > right, false when not decidable. */
function isAbove(type: string, left: string, right: string): boolean {
  if (INTEGERS.has(type)) {
    if (!/^-?\d+$/.test(left) || !/^-?\d+$/.test(right)) return false;
    return BigInt(left) > BigInt(right);
  }
  return type === 'date' && ISO_DATE.test(left) && ISO_DATE.test(right) && left > right;
}
