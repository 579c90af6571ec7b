/** A ledger in memory with a clock of its own, and bodies of receipts that are right as far as their shape goes. */
import type { Chunk, ChunkRef, Clock, Fingerprint, Ids, ProofBody, ReceiptBodies, TablePlan } from '@lakehaul/core';
import { Ledger } from '@lakehaul/ledger';
import { MemoryStore } from './memory-store.ts';

export const MIGRATION = 'm1';
export const START_MS = Date.parse('2026-01-01T00:00:00Z');

export class LedgerWorld {
  nowMs = START_MS;
  readonly store = new MemoryStore({ nowMs: () => this.nowMs });
  #uuids = 0;

  /** One process: its own nonces, the shared store and S3 clock. */
  open(instance = 'a', store: MemoryStore = this.store): Ledger {
    // The processes' clocks are wrong on purpose: nothing may depend on them.
    const clock: Clock = { nowMs: () => 0, sleep: () => Promise.resolve() };
    const ids: Ids = { uuid: () => `${instance}-${++this.#uuids}`, random: () => 0.5 };
    const actor = { service: 'test', instance, version: '0' };
    return new Ledger({ store, prefix: 'ledger', migration: MIGRATION, actor, clock, ids });
  }

  tick(seconds = 1): void {
    this.nowMs += seconds * 1000;
  }

  get nowText(): string {
    return new Date(this.nowMs).toISOString();
  }
}

export function tablePlan(chunkCount: number, overrides: Partial<TablePlan> = {}): TablePlan {
  return {
    schemaVersion: 1,
    migration: MIGRATION,
    tableId: 'public-flights-1a2b3c4d',
    generation: 1,
    source: { database: 'dev', schema: 'public', table: 'flights', oid: '100', columnListHash: 'abc' },
    target: { catalog: 'main', schema: 'public', table: 'flights', adopted: false },
    columns: [],
    keyColumns: ['k'],
    keyReason: 'sort key',
    cutLine: null,
    watermark: null,
    level: 'carried',
    sampleEvery: 0,
    hashForm: 'joined',
    chunkCount,
    firstChunk: 0,
    estimatedRows: '10',
    estimatedBytes: '1000',
    wantedChunkBytes: '100',
    scanAmplification: 1,
    priority: 0,
    acknowledgements: [],
    plannedAt: '2026-01-01T00:00:00.000Z',
    ...overrides,
  };
}

export function* rangeChunks(plan: Pick<TablePlan, 'generation' | 'firstChunk' | 'chunkCount'>): Generator<Chunk> {
  for (let place = 0; place < plan.chunkCount; place++)
    yield {
      number: plan.firstChunk + place,
      generation: plan.generation,
      parts: [{ kind: 'range', column: 'k', from: String(place * 10), to: String(place * 10 + 10) }],
      estimatedRows: 10n,
      estimatedBytes: 9_007_199_254_740_993n,
      scanGroup: null,
    };
}

export function chunkRef(plan: Pick<TablePlan, 'tableId' | 'generation'>, chunk: number): ChunkRef {
  return { tableId: plan.tableId, generation: plan.generation, chunk };
}

const HASHES: Fingerprint = { rowCount: '10', groups: [{ sum1: '12345678901234567890', sum2: '2' }] };

export const PROOF: ProofBody = {
  level: 'carried',
  hashForm: 'joined',
  targetVersion: '7',
  rowCounts: { transaction: '10', manifest: '10', load: '10', target: '10' },
  carried: HASHES,
  source: null,
  target: HASHES,
};

export const BODIES: Omit<ReceiptBodies, 'submit'> = {
  opened: { cause: 'planned', reason: 'first attempt', observedAt: null, hashForm: 'joined', level: 'carried' },
  unloaded: {
    statementId: 's-1',
    submission: 1,
    dataPrefix: 'stage/data/',
    manifestKey: 'stage/data/manifest',
    files: [{ key: 'stage/data/0000_part_00.parquet', sizeBytes: 1000, etag: '"e"', rowCount: '10' }],
    sizeBytes: '1000',
    rowCount: '10',
    manifestRowCount: '10',
    sourceFingerprint: null,
    columnListHash: 'abc',
    sourceQueryIds: ['1'],
    durationMs: 5,
  },
  loaded: {
    operation: 'copy',
    statementIds: ['t-1'],
    rowCount: '10',
    rowCountFrom: 'answer',
    targetVersion: '6',
    durationMs: 5,
  },
  verified: PROOF,
  counted: { ...PROOF, level: 'count', carried: null, target: null },
  reproved: { ...PROOF, proof: 1 },
  mismatched: {
    ...PROOF,
    code: 'HASH_MISMATCH',
    differences: ['hash group 1'],
    missingRows: '1',
    extraRows: '0',
    changedRows: '0',
    rowsKey: null,
    rowsSha256: null,
  },
  void: { code: 'MANIFEST_INVALID', message: 'gone', proof: 'nothing-submitted', statementIds: [] },
  failed: { step: 'unload', failure: 1, code: 'UNAVAILABLE', message: '500', retryAfterMs: 0 },
  quarantined: { step: 'load', code: 'ATTEMPTS_EXHAUSTED', message: 'no more', next: 'look' },
  accepted: {
    who: 'a person',
    reason: 'known',
    code: 'ATTEMPTS_EXHAUSTED',
    differences: ['hash group 1'],
    rowsSha256: null,
    targetVersion: '7',
    held: [{ lineage: '1', rowCount: '9' }],
  },
  cleaned: { files: 1, sizeBytes: '1000', prefixes: ['stage/data/'] },
};

export function submitBody(step: 'unload' | 'load', name: string): Omit<ReceiptBodies['submit'], 'submission'> {
  return { step, statementName: name, clientToken: name, dataPrefix: 'stage/data/', statementTimeoutMs: 60_000 };
}
