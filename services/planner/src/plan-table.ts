/** One table's plan: what moves, in which form, cut where. Reads the source, changes nothing. */
import type { DiscoveredTable, Measure, Source } from '@lakehaul/adapters';
import {
  type Chunk,
  type ColumnPlan,
  LakehaulError,
  movedColumns,
  type RowPredicate,
  type TablePlan,
} from '@lakehaul/core';
import {
  type ColumnMeasureKind,
  type Cut,
  chooseKey,
  isCanonicalLiteral,
  type KeyChoice,
  literalOf,
  MAX_AMPLIFICATION,
  measuresFor,
  numberChunks,
  ordinalOf,
  planColumn,
  scanAmplification,
  type TableSettings,
  tableIdOf,
  unacknowledged,
} from '@lakehaul/planning';
import { cutTable, keyColumnNames } from './cut-table.ts';
import { columnRefusals, cutLineRefusal } from './input-refusals.ts';

export interface PlanTableRequest {
  migration: string;
  catalog: string;
  table: DiscoveredTable;
  settings: TableSettings;
  generation: number;
  firstChunk: number;
  /** End of the generation before; null in the first one. */
  from: string | null;
  watermark: string | null;
  plannedAt: string;
}

export interface PlannedTable {
  plan: TablePlan;
  chunks: () => Iterable<Chunk>;
  /** Everything that stands against the plan, all at once; empty when it may be written. */
  refusals: LakehaulError[];
}

/** Redshift's longest VARCHAR, less room for the separators: beyond it rows are hashed column by column. */
const MAX_JOINED_BYTES = 65_000n;
/** Rows of a table whose size nobody tells (no row in SVV_TABLE_INFO) are taken for this wide. */
const DEFAULT_ROW_BYTES = 64n;

export async function planTable(source: Source, request: PlanTableRequest): Promise<PlannedTable> {
  const { table, settings } = request;
  const where = `${table.name.schema}.${table.name.table}`;
  const everything: RowPredicate = { parts: [], cutLine: settings.cutLine };
  const noLine = cutLineRefusal(table, settings);
  // The line is part of every question from here on.
  if (noLine !== null) throw noLine;
  const { columns, rowCount, maxRowBytes } = await measureColumns(source, table, settings, everything);
  const refusals = [...lossRefusals(columns, settings, where), ...columnRefusals(columns, where)];

  const tableRows = table.estimatedRows !== null && table.estimatedRows > rowCount ? table.estimatedRows : rowCount;
  const bytesPerRow = bytesPerRowOf(table, tableRows);
  const key = chooseKey({
    columns: table.columns,
    sortKeyStyle: table.sortKeyStyle,
    key: settings.key,
    estimatedBytes: rowCount * bytesPerRow,
    chunkBytes: settings.chunkBytes,
    hasWatermark: request.from !== null || request.watermark !== null,
  });
  const bounds = generationBounds(request, key, where);
  const wantedRows = atLeastOne(settings.chunkBytes / bytesPerRow);
  const cuts = await cutTable(source, {
    table,
    key,
    cutLine: settings.cutLine,
    ...bounds,
    totalRows: rowCount,
    wantedRows,
  });
  const plannedRows = cuts.reduce((sum, cut) => sum + cut.rows, 0n);
  const isSharedScan = key.kind === 'hash';
  const amplification = scanAmplification({
    cuts,
    totalRows: rowCount,
    isZoneMapped: key.kind !== 'ranges' || key.isZoneMapped,
    isSharedScan,
    level: settings.level,
    sampleEvery: settings.sampleEvery,
  });
  refusals.push(...amplificationRefusals(amplification, settings, where));

  const plan: TablePlan = {
    schemaVersion: 1,
    migration: request.migration,
    tableId: tableIdOf(table.name.schema, table.name.table),
    generation: request.generation,
    source: { ...table.name, oid: table.oid, columnListHash: table.columnListHash },
    target: {
      catalog: request.catalog,
      ...(settings.target ?? { schema: table.name.schema, table: table.name.table }),
      adopted: false,
    },
    columns,
    keyColumns: keyColumnNames(key),
    keyReason: key.reason,
    cutLine: settings.cutLine,
    ...(bounds.from === null ? {} : { from: bounds.from }),
    watermark: bounds.watermark,
    level: settings.level,
    sampleEvery: settings.sampleEvery,
    hashForm: maxRowBytes > MAX_JOINED_BYTES ? 'digest' : 'joined',
    chunkCount: cuts.length,
    firstChunk: request.firstChunk,
    estimatedRows: plannedRows.toString(),
    estimatedBytes: (plannedRows * bytesPerRow).toString(),
    wantedChunkBytes: settings.chunkBytes.toString(),
    scanAmplification: amplification,
    priority: settings.priority,
    acknowledgements: settings.acknowledge,
    plannedAt: request.plannedAt,
  };
  // A column that cannot be moved has no statement to measure.
  if (refusals.length === 0) refusals.push(...lengthRefusals(source, plan, cuts));
  return {
    plan,
    chunks: () =>
      numberChunks(cuts, { generation: request.generation, firstChunk: request.firstChunk, bytesPerRow, isSharedScan }),
    refusals,
  };
}

/** In the one spelling that the key's type has; a generation that would be empty by its bounds is a mistake. */
function generationBounds(
  request: Pick<PlanTableRequest, 'from' | 'watermark'>,
  key: KeyChoice,
  where: string,
): { from: string | null; watermark: string | null } {
  const { from, watermark } = request;
  const column = key.kind === 'ranges' ? key.columns[0] : undefined;
  if (column === undefined || (from === null && watermark === null)) return { from, watermark };
  const canonical = (text: string): string => {
    if (!isCanonicalLiteral(column.type, text))
      throw new LakehaulError(
        'CONFIG_INVALID',
        `${where}: a watermark of ${column.name} is no ${column.type.kind} literal`,
        {
          where: `${where} watermark`,
          next: 'write numbers as digits, dates as YYYY-MM-DD, timestamps as YYYY-MM-DD HH:MM:SS in UTC',
        },
      );
    return literalOf(column.type, ordinalOf(column.type, text));
  };
  const bounds = {
    from: from === null ? null : canonical(from),
    watermark: watermark === null ? null : canonical(watermark),
  };
  if (bounds.from !== null && bounds.watermark !== null)
    if (ordinalOf(column.type, bounds.watermark) <= ordinalOf(column.type, bounds.from))
      throw new LakehaulError(
        'CONFIG_INVALID',
        `${where}: the watermark ${bounds.watermark} is not after ${bounds.from}`,
        {
          where: `${where} watermark`,
          next: 'name a later value of the key, or --final',
        },
      );
  return bounds;
}

function bytesPerRowOf(table: DiscoveredTable, tableRows: bigint): bigint {
  if (table.estimatedBytes === null || table.estimatedBytes === 0n || tableRows === 0n) return DEFAULT_ROW_BYTES;
  return atLeastOne(table.estimatedBytes / tableRows);
}

function atLeastOne(value: bigint): bigint {
  return value > 0n ? value : 1n;
}

interface Measured {
  columns: ColumnPlan[];
  rowCount: bigint;
  maxRowBytes: bigint;
}

/** Loss is judged against the rows that will be hauled, not against the declared types alone. */
async function measureColumns(
  source: Source,
  table: DiscoveredTable,
  settings: TableSettings,
  predicate: RowPredicate,
): Promise<Measured> {
  const measures: Measure[] = [{ id: 'rowCount', kind: 'rowCount' }];
  for (const column of table.columns)
    for (const kind of measuresFor(column, settings)) measures.push({ id: `${kind}:${column.ordinal}`, kind, column });
  const answer = await source.measure({ table: table.name, predicate, measures });
  const columns = table.columns.map((column) => {
    const found = new Map<ColumnMeasureKind, string | null>(
      measuresFor(column, settings).map((kind) => [kind, answer.get(`${kind}:${column.ordinal}`) ?? null]),
    );
    return planColumn(column, settings, found);
  });
  const moved = movedColumns({ columns }).filter((column) => column.loss !== 'impossible');
  const row = await source.measure({
    table: table.name,
    predicate,
    measures: [{ id: 'maxRowBytes', kind: 'maxRowBytes', columns: moved }],
  });
  return {
    columns,
    rowCount: BigInt(answer.get('rowCount') ?? '0'),
    maxRowBytes: BigInt(row.get('maxRowBytes') ?? '0'),
  };
}

function lossRefusals(columns: readonly ColumnPlan[], settings: TableSettings, where: string): LakehaulError[] {
  const refusals = unacknowledged(columns, settings.acknowledge).map((column) => {
    const name = column.source.name;
    const next =
      column.loss === 'impossible'
        ? `acknowledge "exclude:${name}"`
        : `acknowledge "loss:${name}" or "exclude:${name}"`;
    return new LakehaulError('LOSS_NOT_ACKNOWLEDGED', `${where}.${name} is ${column.loss}: ${column.lossReason}`, {
      where: `${where}.${name}`,
      next: `${next} under tables.overrides for ${where}`,
    });
  });
  const byName = new Map<string, string>();
  for (const column of columns) {
    const folded = column.target.name.toLowerCase();
    const other = byName.get(folded);
    if (other !== undefined && !column.excluded)
      refusals.push(
        new LakehaulError(
          'TARGET_INCOMPATIBLE',
          `${where} has the columns ${other} and ${column.target.name}, which the target cannot tell apart`,
          { where, next: `rename one at the source or acknowledge "exclude:${column.target.name}"` },
        ),
      );
    byName.set(folded, column.target.name);
  }
  return refusals;
}

/** Rendered once with the longest predicate and in both hash forms: in a worker it would stop the whole fleet. */
function lengthRefusals(source: Source, plan: TablePlan, cuts: readonly Cut[]): LakehaulError[] {
  const parts = cuts.reduce<Cut['parts']>(
    (longest, cut) => (JSON.stringify(cut.parts).length > JSON.stringify(longest).length ? cut.parts : longest),
    [],
  );
  const request = {
    plan,
    predicate: { parts, cutLine: plan.cutLine },
    level: plan.level === 'sampled' ? ('full' as const) : plan.level,
    dataUrl: `s3://${'x'.repeat(300)}/`,
    statementName: '',
    clientToken: '',
    buckets: null,
  };
  try {
    for (const hashForm of ['joined', 'digest'] as const) source.renderUnload({ ...request, hashForm });
    return [];
  } catch (error) {
    if (!(error instanceof LakehaulError) || error.code !== 'STATEMENT_TOO_LONG') throw error;
    return [error];
  }
}

function amplificationRefusals(amplification: number, settings: TableSettings, where: string): LakehaulError[] {
  if (amplification <= MAX_AMPLIFICATION || settings.acknowledge.includes('scan-amplification')) return [];
  return [
    new LakehaulError('AMPLIFICATION_NOT_ACKNOWLEDGED', `${where} would be scanned ${amplification.toFixed(1)} times`, {
      where,
    }),
  ];
}

export type { Cut };
