/**
 * The planner of `bench plan`: a million chunks cut by the real planner from the histograms of ten skewed tables, written
 * to the ledger through the real S3 adapter, and read back: every chunk, and a scan of their states.
 */
import type { DiscoveredTable, HistogramQuestion, Source } from '@lakehaul/adapters';
import { type Chunk, LakehaulError, must, type SourceColumn, type TablePlan } from '@lakehaul/core';
import { Ledger } from '@lakehaul/ledger';
import { type Cut, numberChunks, ordinalOf, tableIdOf } from '@lakehaul/planning';
import { createMetrics, createOutside, silentLog, systemClock, systemIds } from '@lakehaul/runtime';
import { openObjectStore } from '../packages/adapters/src/s3/object-store.ts';
import { cutTable } from '../services/planner/src/cut-table.ts';

const TABLES = 10;
const CHUNKS_PER_TABLE = 100_000n;
const ROWS_PER_CHUNK = 1_000_000n;
const BYTES_PER_ROW = 50_000n;
const FIRST_TIME = '2019-01-01 00:00:00.000000';
const LAST_TIME = '2026-01-01 00:00:00.000000';

const KEY: SourceColumn = {
  name: 'p_event_time',
  ordinal: 1,
  type: { kind: 'timestamp' },
  nullable: true,
  sortKeyPosition: 1,
  isDistKey: false,
  isCaseInsensitive: false,
};

const [endpoint = '', bucket = '', accessKeyId = '', secretAccessKey = ''] = process.argv.slice(2);

async function planAndReadBack() {
  const outside = createOutside({ clock: systemClock, ids: systemIds, log: silentLog, metrics: createMetrics() });
  const store = openObjectStore(
    { bucket, prefix: 'ledger', region: 'us-east-1', endpoint, credentials: { accessKeyId, secretAccessKey } },
    { outside, clock: systemClock, ids: systemIds },
  );
  const open = () =>
    new Ledger({
      store,
      prefix: 'ledger',
      migration: 'bench',
      actor: { service: 'bench', instance: 'bench', version: '0' },
      clock: systemClock,
      ids: systemIds,
    });
  const started = performance.now();
  const written = new Map<string, string>();
  let planMs = 0;
  for (let table = 0; table < TABLES; table++) {
    const before = performance.now();
    const cuts = await cutOne(table);
    planMs += performance.now() - before;
    const plan = planOf(table, cuts.length);
    const digest = new ChunkDigest();
    await open().writePlan(plan, digest.of(numbered(cuts)));
    written.set(plan.tableId, digest.text);
  }
  const chunks = await readBack(open(), written);
  const seconds = (performance.now() - started) / 1000;
  store.close();
  return {
    chunks,
    seconds: round(seconds),
    rssBytes: process.resourceUsage().maxRSS * 1024,
    planSeconds: round(planMs / 1000),
  };
}

async function readBack(ledger: Ledger, written: ReadonlyMap<string, string>): Promise<number> {
  let chunks = 0;
  const plans = await ledger.readPlans();
  for (const plan of plans) {
    const digest = new ChunkDigest();
    for await (const _ of digest.ofStream(ledger.chunks(plan))) chunks += 1;
    if (digest.text !== written.get(plan.tableId))
      throw new LakehaulError('INTERNAL', `${plan.tableId} came back different`);
  }
  const scan = ledger.openScan();
  await scan.refresh();
  const planned = plans.reduce((sum, plan) => sum + (scan.counts(plan.tableId).get('planned') ?? 0), 0);
  if (planned !== chunks || plans.length !== TABLES)
    throw new LakehaulError('INTERNAL', `${planned} of ${chunks} chunks in the scan`);
  return chunks;
}

/** Tells two streams of chunks apart, boundaries and order included, without keeping either. */
class ChunkDigest {
  #sum = 0;

  get text(): string {
    return this.#sum.toString(16);
  }

  *of(chunks: Iterable<Chunk>): Generator<Chunk> {
    for (const chunk of chunks) {
      this.#add(chunk);
      yield chunk;
    }
  }

  async *ofStream(chunks: AsyncIterable<Chunk>): AsyncGenerator<Chunk> {
    for await (const chunk of chunks) {
      this.#add(chunk);
      yield chunk;
    }
  }

  #add(chunk: Chunk): void {
    const [part] = chunk.parts;
    const range = part?.kind === 'range' ? `${part.from}/${part.to}` : `${part?.kind}`;
    const text = `${chunk.number} ${range} ${chunk.estimatedRows} ${chunk.estimatedBytes}`;
    for (let at = 0; at < text.length; at++) this.#sum = (Math.imul(this.#sum, 31) + text.charCodeAt(at)) | 0;
  }
}

function cutOne(table: number): Promise<Cut[]> {
  const totalRows = CHUNKS_PER_TABLE * ROWS_PER_CHUNK;
  return cutTable(skewedSource(table, totalRows), {
    table: discovered(table),
    key: { kind: 'ranges', columns: [KEY], isZoneMapped: true, reason: 'sort key' },
    cutLine: null,
    from: null,
    watermark: null,
    totalRows,
    wantedRows: ROWS_PER_CHUNK,
  });
}

function numbered(cuts: readonly Cut[]): Iterable<Chunk> {
  return numberChunks(cuts, { generation: 1, firstChunk: 0, bytesPerRow: BYTES_PER_ROW, isSharedScan: false });
}

/** Answers histograms from a distribution: more rows towards the end, and more so in each table. */
function skewedSource(table: number, totalRows: bigint): Source {
  const first = ordinalOf(KEY.type, FIRST_TIME);
  const span = ordinalOf(KEY.type, LAST_TIME) - first;
  const bent = BigInt(table) * 10n;
  const rowsBefore = (at: bigint) => {
    const x = at - first;
    return (totalRows * x * (100n - bent) * span + totalRows * x * x * bent) / (100n * span * span);
  };
  const source: Pick<Source, 'measure' | 'histogram'> = {
    measure: async () =>
      new Map([
        ['min', FIRST_TIME],
        ['max', LAST_TIME],
        ['nulls', '5'],
      ]),
    histogram: async (_name, question: HistogramQuestion) => {
      const from = ordinalOf(question.column.type, question.from);
      const to = ordinalOf(question.column.type, question.to);
      const width = (to - from + BigInt(question.buckets) - 1n) / BigInt(question.buckets);
      const counts: bigint[] = [];
      let before = rowsBefore(from);
      for (let bucket = 1; bucket <= question.buckets; bucket++) {
        const end = from + width * BigInt(bucket);
        const after = rowsBefore(end < to ? end : to);
        counts.push(after - before);
        before = after;
      }
      return counts;
    },
  };
  return source as Source;
}

function discovered(table: number): DiscoveredTable {
  return {
    name: { database: 'dev', schema: 'public', table: `events_${table}` },
    oid: String(1000 + table),
    columns: [KEY],
    columnListHash: 'bench',
    estimatedRows: CHUNKS_PER_TABLE * ROWS_PER_CHUNK,
    estimatedBytes: CHUNKS_PER_TABLE * ROWS_PER_CHUNK * BYTES_PER_ROW,
    sortKeyStyle: 'compound',
    hasRowSecurity: false,
    hasMasking: false,
  };
}

function planOf(table: number, chunkCount: number): TablePlan {
  const { name, oid, columnListHash, estimatedRows, estimatedBytes } = discovered(table);
  return {
    schemaVersion: 1,
    migration: 'bench',
    tableId: tableIdOf(name.schema, name.table),
    generation: 1,
    source: { ...name, oid, columnListHash },
    target: { catalog: 'main', schema: 'public', table: name.table, adopted: false },
    columns: [
      {
        source: KEY,
        target: { name: KEY.name, type: { kind: 'TIMESTAMP_NTZ' }, nullable: true },
        loss: 'lossless',
        lossReason: '',
        excluded: false,
      },
    ],
    keyColumns: [KEY.name],
    keyReason: 'sort key',
    cutLine: null,
    from: null,
    watermark: null,
    level: 'full',
    sampleEvery: 1,
    hashForm: 'joined',
    chunkCount,
    firstChunk: 0,
    estimatedRows: must(estimatedRows, 'rows').toString(),
    estimatedBytes: must(estimatedBytes, 'bytes').toString(),
    wantedChunkBytes: (ROWS_PER_CHUNK * BYTES_PER_ROW).toString(),
    scanAmplification: 1,
    priority: 0,
    acknowledgements: [],
    plannedAt: new Date(systemClock.nowMs()).toISOString(),
  };
}

function round(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}

process.send?.(await planAndReadBack());
process.disconnect?.();
