import {
  DuckDBArrayValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
} from '@duckdb/node-api';
import { isVariant, variantJson } from '../variant/variant-functions.ts';

/** A nested value as JSON text, numbers by their exact digits: what the wire carries for VARIANT, ARRAY, MAP and STRUCT. */
export function nestedJson(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (isVariant(value)) return variantJson(value);
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue)
    return `[${value.items.map(nestedJson).join(',')}]`;
  if (value instanceof DuckDBStructValue) return object(Object.entries(value.entries));
  if (value instanceof DuckDBMapValue) return object(value.entries.map((entry) => [String(entry.key), entry.value]));
  if (typeof value === 'bigint' || typeof value === 'boolean' || value instanceof DuckDBDecimalValue)
    return String(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  return JSON.stringify(String(value));
}

function object(entries: readonly (readonly [string, unknown])[]): string {
  return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${nestedJson(value)}`).join(',')}}`;
}
