import { SqlError } from '../databricks/sql-error.ts';
import { VARIANT_DUCKDB_TYPE } from '../variant/variant-functions.ts';

/** Delta's primitive types (PROTOCOL.md, "Primitive Types"), each with its name in SQL and in DuckDB. */
const PRIMITIVES = [
  { delta: 'byte', sql: 'TINYINT', duckdb: 'TINYINT', aliases: ['BYTE'] },
  { delta: 'short', sql: 'SMALLINT', duckdb: 'SMALLINT', aliases: ['SHORT'] },
  { delta: 'integer', sql: 'INT', duckdb: 'INTEGER', aliases: ['INTEGER'] },
  { delta: 'long', sql: 'BIGINT', duckdb: 'BIGINT', aliases: ['LONG'] },
  { delta: 'float', sql: 'FLOAT', duckdb: 'FLOAT', aliases: ['REAL'] },
  { delta: 'double', sql: 'DOUBLE', duckdb: 'DOUBLE', aliases: ['DOUBLE PRECISION'] },
  { delta: 'boolean', sql: 'BOOLEAN', duckdb: 'BOOLEAN', aliases: ['BOOL'] },
  { delta: 'string', sql: 'STRING', duckdb: 'VARCHAR', aliases: ['TEXT'] },
  { delta: 'binary', sql: 'BINARY', duckdb: 'BLOB', aliases: [] },
  { delta: 'date', sql: 'DATE', duckdb: 'DATE', aliases: [] },
  { delta: 'timestamp', sql: 'TIMESTAMP', duckdb: 'TIMESTAMP WITH TIME ZONE', aliases: ['TIMESTAMP_LTZ'] },
  { delta: 'timestamp_ntz', sql: 'TIMESTAMP_NTZ', duckdb: 'TIMESTAMP', aliases: [] },
  { delta: 'variant', sql: 'VARIANT', duckdb: VARIANT_DUCKDB_TYPE, aliases: [] },
] as const;

const DECIMAL = /^DEC(?:IMAL)?|^NUMERIC/;

/** One column of a Delta table. `physicalName` differs from `name` under column mapping; `id` is its field id. */
export interface DeltaColumn {
  name: string;
  type: string;
  nullable: boolean;
  comment: string | null;
  id: number;
  physicalName: string;
}

interface SchemaField {
  name: string;
  type: string;
  nullable: boolean;
  metadata: Record<string, string | number>;
}

export function deltaTypeOf(sqlType: string): string {
  const text = sqlType.trim().toUpperCase().replace(/\s+/g, ' ');
  const known = PRIMITIVES.find((type) => type.sql === text || (type.aliases as readonly string[]).includes(text));
  if (known) return known.delta;
  if (DECIMAL.test(text)) {
    const parts = /\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)$/.exec(text);
    const precision = Number(parts?.[1] ?? 10);
    const scale = Number(parts?.[2] ?? 0);
    if (precision >= 1 && precision <= 38 && scale <= precision) return `decimal(${precision},${scale})`;
  }
  // VARCHAR(n) and CHAR(n) carry a length check that this warehouse does not enforce, so it does not pretend to.
  throw new SqlError('UNSUPPORTED_DATATYPE', '0A000', `Unsupported data type "${text}".`);
}

export function sqlTypeOf(deltaType: string): string {
  return PRIMITIVES.find((type) => type.delta === deltaType)?.sql ?? deltaType.toUpperCase();
}

export function duckdbTypeOf(deltaType: string): string {
  return PRIMITIVES.find((type) => type.delta === deltaType)?.duckdb ?? deltaType.toUpperCase();
}

export function usesColumnMapping(configuration: Readonly<Record<string, string>>): boolean {
  return (configuration['delta.columnMapping.mode'] ?? 'none') !== 'none';
}

export function renderSchema(columns: readonly DeltaColumn[], mapped: boolean): string {
  const fields = columns.map((column): SchemaField => {
    const metadata: SchemaField['metadata'] = {};
    if (column.comment !== null) metadata['comment'] = column.comment;
    if (mapped) {
      metadata['delta.columnMapping.id'] = column.id;
      metadata['delta.columnMapping.physicalName'] = column.physicalName;
    }
    return { name: column.name, type: column.type, nullable: column.nullable, metadata };
  });
  return JSON.stringify({ type: 'struct', fields });
}

export function parseSchema(schemaString: string): DeltaColumn[] {
  const schema = JSON.parse(schemaString) as { fields: SchemaField[] };
  return schema.fields.map((field, position) => ({
    name: field.name,
    type: field.type,
    nullable: field.nullable,
    comment: typeof field.metadata['comment'] === 'string' ? field.metadata['comment'] : null,
    id: Number(field.metadata['delta.columnMapping.id'] ?? position + 1),
    physicalName: String(field.metadata['delta.columnMapping.physicalName'] ?? field.name),
  }));
}

/** Databricks resolves column names without regard to case. */
export function findColumn(columns: readonly DeltaColumn[], name: string): DeltaColumn | undefined {
  const wanted = name.toLowerCase();
  return columns.find((column) => column.name.toLowerCase() === wanted);
}

/** Outside column mapping, Parquet's forbidden characters are refused in names, as Databricks does. */
export function checkColumnNames(columns: readonly DeltaColumn[], mapped: boolean): void {
  const seen = new Set<string>();
  for (const { name } of columns) {
    if (seen.has(name.toLowerCase()))
      throw new SqlError('DELTA_DUPLICATE_COLUMNS_FOUND', '42711', `Found duplicate column(s): ${name}.`);
    seen.add(name.toLowerCase());
    if (!mapped && /[ ,;{}()\n\t=]/.test(name))
      throw new SqlError(
        'DELTA_INVALID_CHARACTERS_IN_COLUMN_NAMES',
        '42K05',
        `Found invalid character(s) among ' ,;{}()\\n\\t=' in the column name ${name}. Enable column mapping.`,
      );
  }
}
