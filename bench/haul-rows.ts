/** The bench table: sorted by time, half numbers, half text. Rows are functions of their number. */
import type { ColumnPlan, RowPredicate, SourceType, TablePlan, TargetType } from '@lakehaul/core';
import type { SqlType } from '../packages/sandbox/src/sql/index.ts';

interface EventColumn {
  name: string;
  ddl: string;
  source: SourceType;
  /** As the local clouds' SQL knows it. */
  engine: SqlType;
  target: TargetType;
}

export const COLUMN_TYPES: readonly EventColumn[] = [
  column('id', 'bigint NOT NULL', { kind: 'bigint' }, { kind: 'BIGINT' }),
  column('at', 'timestamp NOT NULL', { kind: 'timestamp' }, { kind: 'TIMESTAMP_NTZ' }),
  column('account', 'integer', { kind: 'integer' }, { kind: 'INT' }),
  column(
    'amount',
    'decimal(12,2)',
    { kind: 'decimal', precision: 12, scale: 2 },
    { kind: 'DECIMAL', precision: 12, scale: 2 },
  ),
  column('ratio', 'double precision', { kind: 'double' }, { kind: 'DOUBLE' }),
  text('kind', 16),
  column('is_open', 'boolean', { kind: 'boolean' }, { kind: 'BOOLEAN' }),
  text('payload', 128),
];

export const COLUMNS = COLUMN_TYPES.map(({ name, ddl }) => `${name} ${ddl}`);

/** Between two rows, in microseconds: a million rows a day. */
const STEP_MICROS = 86_400;
const FIRST_MS = Date.UTC(2026, 0, 1);

function column(name: string, ddl: string, type: SourceType & SqlType, target: TargetType): EventColumn {
  return { name, ddl, source: type, engine: type, target };
}

function text(name: string, bytes: number): EventColumn {
  return {
    name,
    ddl: `varchar(${bytes})`,
    source: { kind: 'varchar', maxBytes: bytes },
    engine: { kind: 'varchar', length: bytes },
    target: { kind: 'STRING' },
  };
}

export function rowsSql(rows: number): string {
  return `SELECT
    range AS id,
    TIMESTAMP '2026-01-01 00:00:00' + to_microseconds(CAST(range * ${STEP_MICROS} AS BIGINT)) AS at,
    CAST(hash(range * 3) % 100000 AS INTEGER) AS account,
    CAST(CAST(hash(range * 5) % 10000000 AS DECIMAL(14,2)) / 100 AS DECIMAL(12,2)) AS amount,
    CAST(hash(range * 7) % 1000003 AS DOUBLE) / 997 AS ratio,
    ['order', 'refund', 'transfer', 'fee'][1 + CAST(hash(range * 11) % 4 AS BIGINT)] AS kind,
    hash(range * 13) % 3 = 0 AS is_open,
    md5(CAST(range AS VARCHAR)) || md5(CAST(range * 17 AS VARCHAR)) || md5(CAST(range * 19 AS VARCHAR)) AS payload
  FROM range(${rows})`;
}

/** The table in equal parts by time. */
export function chunkBounds(rows: number, chunks: number): RowPredicate[] {
  const boundOf = (chunk: number): string => {
    const row = BigInt(Math.floor((rows * chunk) / chunks));
    const micros = row * BigInt(STEP_MICROS);
    const second = new Date(FIRST_MS + Number(micros / 1_000_000n) * 1000).toISOString().slice(0, 19).replace('T', ' ');
    return `${second}.${String(micros % 1_000_000n).padStart(6, '0')}`;
  };
  return Array.from({ length: chunks }, (_, chunk) => ({
    parts: [{ kind: 'range', column: 'at', from: boundOf(chunk), to: boundOf(chunk + 1) }],
    cutLine: null,
  }));
}

/** A plan of the table, as far as statements are rendered from one. */
export function planOfEvents(): TablePlan {
  return {
    schemaVersion: 1,
    migration: 'bare',
    tableId: 'bench-events',
    generation: 1,
    source: { database: 'dev', schema: 'bench', table: 'events', oid: '1', columnListHash: 'bare' },
    target: { catalog: 'main', schema: 'bare', table: 'events', adopted: false },
    columns: COLUMN_TYPES.map(
      (each, index): ColumnPlan => ({
        source: {
          name: each.name,
          ordinal: index + 1,
          type: each.source,
          nullable: !each.ddl.includes('NOT NULL'),
          sortKeyPosition: each.name === 'at' ? 1 : 0,
          isDistKey: false,
          isCaseInsensitive: false,
        },
        target: { name: each.name, type: each.target, nullable: !each.ddl.includes('NOT NULL') },
        loss: 'lossless',
        lossReason: '',
        excluded: false,
      }),
    ),
    keyColumns: ['at'],
    keyReason: 'sort key',
    cutLine: null,
    watermark: null,
    level: 'full',
    sampleEvery: 1,
    hashForm: 'joined',
    chunkCount: 1,
    firstChunk: 0,
    estimatedRows: '1',
    estimatedBytes: '1',
    wantedChunkBytes: '1',
    scanAmplification: 1,
    priority: 0,
    acknowledgements: [],
    plannedAt: '2026-01-01T00:00:00.000Z',
  };
}
