/**
 * A file's statistics in the log: numRecords, minValues, maxValues, nullCount, keyed by physical names. Numbers go in and
 * out as exact text, since a BIGINT does not fit a JS number.
 */
import { type DeltaColumn, findColumn } from './schema.ts';

/** One column of DuckDB's RETURN_STATS, as text. */
export interface ColumnWritten {
  min: string | null;
  max: string | null;
  nullCount: string;
  hasNaN: boolean;
}

export interface FileStats {
  numRecords: bigint;
  minValues: ReadonlyMap<string, string>;
  maxValues: ReadonlyMap<string, string>;
  nullCount: ReadonlyMap<string, bigint>;
}

/** Databricks collects statistics of this many leading columns unless the table says otherwise. */
const INDEXED_COLUMNS = 32;
/** Longer text is cut in the log; a cut maximum gets a tie-breaker above everything it stands for. */
const TEXT_PREFIX = 32;
const ABOVE_ALL = '\u{10FFFF}';

const INTEGERS = new Set(['byte', 'short', 'integer', 'long']);

/** The columns that the table's properties want statistics of; a list of names goes before a count. */
export function indexedColumns(
  columns: readonly DeltaColumn[],
  configuration: Readonly<Record<string, string>>,
): readonly DeltaColumn[] {
  const named = configuration['delta.dataSkippingStatsColumns'];
  if (named !== undefined) {
    const names = named.match(/`(?:[^`]|``)*`|[^,`]+/g) ?? [];
    const plain = names.map((name) => name.trim().replace(/^`|`$/g, '').replaceAll('``', '`'));
    return plain.map((name) => findColumn(columns, name)).filter((column) => column !== undefined);
  }
  const count = Number(configuration['delta.dataSkippingNumIndexedCols'] ?? INDEXED_COLUMNS);
  return count < 0 ? columns : columns.slice(0, count);
}

export function renderStats(
  rowCount: bigint,
  /** Of these: see indexedColumns. */
  columns: readonly DeltaColumn[],
  written: ReadonlyMap<string, ColumnWritten>,
): string {
  const min: string[] = [];
  const max: string[] = [];
  const nulls: string[] = [];
  for (const column of columns) {
    const of = written.get(column.physicalName);
    if (!of) continue;
    const key = JSON.stringify(column.physicalName);
    nulls.push(`${key}:${of.nullCount}`);
    // Parquet leaves NaN out of its bounds, Spark orders it above everything: no bounds then.
    if (of.min === null || of.max === null || of.hasNaN) continue;
    const low = renderValue(column.type, of.min, 'min');
    const high = renderValue(column.type, of.max, 'max');
    if (low === null || high === null) continue;
    min.push(`${key}:${low}`);
    max.push(`${key}:${high}`);
  }
  return `{"numRecords":${rowCount},"minValues":{${min}},"maxValues":{${max}},"nullCount":{${nulls}}}`;
}

function renderValue(type: string, text: string, bound: 'min' | 'max'): string | null {
  if (INTEGERS.has(type)) return /^-?\d+$/.test(text) ? text : null;
  if (type.startsWith('decimal')) return /^-?\d+(\.\d+)?$/.test(text) ? text : null;
  if (type === 'float' || type === 'double') return Number.isFinite(Number(text)) ? jsonNumber(text) : null;
  if (type === 'date') return /^\d{4}-\d\d-\d\d$/.test(text) ? JSON.stringify(text) : null;
  if (type === 'timestamp' || type === 'timestamp_ntz') return renderTimestamp(type, text, bound);
  if (type === 'string') return renderText(text, bound);
  return null;
}

/** The log holds milliseconds: the minimum is cut, the maximum lifted, so that both stay bounds. */
function renderTimestamp(type: string, text: string, bound: 'min' | 'max'): string | null {
  const parts = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:\+00)?$/.exec(text);
  if (!parts) return null;
  const micros = (parts[3] ?? '').padEnd(6, '0');
  const floor = Date.parse(`${parts[1]}T${parts[2]}.${micros.slice(0, 3)}Z`);
  if (Number.isNaN(floor)) return null;
  const ms = bound === 'max' && micros.slice(3) !== '000' ? floor + 1 : floor;
  const iso = new Date(ms).toISOString();
  if (iso.length !== 24) return null;
  return JSON.stringify(type === 'timestamp' ? iso : iso.slice(0, -1));
}

function renderText(text: string, bound: 'min' | 'max'): string | null {
  const points = [...text];
  if (points.length <= TEXT_PREFIX) return JSON.stringify(text);
  const prefix = points.slice(0, TEXT_PREFIX).join('');
  return JSON.stringify(bound === 'min' ? prefix : prefix + ABOVE_ALL);
}

function jsonNumber(text: string): string {
  const value = Number(text);
  return Object.is(value, -0) ? '-0.0' : JSON.stringify(value);
}

export function parseStats(stats: string): FileStats {
  const raw = JSON.parse(quoteNumbers(stats)) as {
    numRecords: string;
    minValues?: Record<string, unknown>;
    maxValues?: Record<string, unknown>;
    nullCount?: Record<string, unknown>;
  };
  return {
    numRecords: BigInt(raw.numRecords),
    minValues: textMap(raw.minValues),
    maxValues: textMap(raw.maxValues),
    nullCount: new Map([...textMap(raw.nullCount)].map(([name, count]) => [name, BigInt(count)])),
  };
}

function textMap(values: Record<string, unknown> | undefined): Map<string, string> {
  const entries = Object.entries(values ?? {});
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** JSON.parse would round a long integer, and Node 20 has no access to the source text: so numbers become strings. */
function quoteNumbers(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) =>
    token.startsWith('"') ? token : `"${token}"`,
  );
}
