/** Table plans for tests that need one and care for its columns only. */
import type { ColumnPlan, HashForm, SourceType, TablePlan, TargetType } from '@lakehaul/core';
import type { EdgeValue } from '@lakehaul/fingerprint';

export function targetTypeOf(type: SourceType): TargetType {
  switch (type.kind) {
    case 'smallint':
      return { kind: 'SMALLINT' };
    case 'integer':
      return { kind: 'INT' };
    case 'decimal':
      return { kind: 'DECIMAL', precision: type.precision, scale: type.scale };
    case 'real':
      return { kind: 'FLOAT' };
    case 'double':
      return { kind: 'DOUBLE' };
    case 'boolean':
      return { kind: 'BOOLEAN' };
    case 'date':
      return { kind: 'DATE' };
    case 'timestamp':
      return { kind: 'TIMESTAMP_NTZ' };
    case 'timestamptz':
      return { kind: 'TIMESTAMP' };
    case 'varbyte':
      return { kind: 'BINARY' };
    case 'bigint':
    case 'time':
    case 'interval_year_month':
    case 'interval_day_second':
      return { kind: 'BIGINT' };
    default:
      return { kind: 'STRING' };
  }
}

/** A table whose rows are known as exact texts. */
export interface KnownTable {
  plan: TablePlan;
  rows: EdgeValue[][];
}

export function plannedColumn(name: string, type: SourceType, ordinal: number): ColumnPlan {
  const source = { name, ordinal, type, nullable: true, isDistKey: false, isCaseInsensitive: false };
  return {
    source: { ...source, sortKeyPosition: ordinal === 1 ? 1 : 0 },
    target: { name, type: targetTypeOf(type), nullable: true },
    loss: 'lossless',
    lossReason: '',
    excluded: false,
  };
}

/** The first column is the key. */
export function plannedTable(table: string, columns: readonly ColumnPlan[], hashForm: HashForm = 'joined'): TablePlan {
  return {
    schemaVersion: 1,
    migration: 'test',
    tableId: table,
    generation: 1,
    source: { database: 'dev', schema: 'public', table, oid: '0', columnListHash: '' },
    target: { catalog: 'main', schema: 'public', table, adopted: false },
    columns,
    keyColumns: [columns[0]?.source.name ?? ''],
    keyReason: '',
    cutLine: null,
    watermark: null,
    level: 'full',
    sampleEvery: 1,
    hashForm,
    chunkCount: 1,
    firstChunk: 0,
    estimatedRows: '0',
    estimatedBytes: '0',
    wantedChunkBytes: '1000000',
    scanAmplification: 1,
    priority: 0,
    acknowledgements: [],
    plannedAt: '',
  };
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
