/**
 * A ledger as an honest migration leaves it, with all that can happen to a chunk: written by the real ledger code with the
 * causes that the services name, sealed hourly. What audits, reports and benches of the ledger are tried on.
 */
import { type Anchor, type LedgerSealOutcome, type SealSigner, sealLedger } from '@lakehaul/audit';
import type {
  AttemptRef,
  Chunk,
  ChunkRef,
  Fingerprint,
  Log,
  ProofBody,
  ReceiptBodies,
  TablePlan,
} from '@lakehaul/core';
import { type Ledger, type ProbeRecord, probesPath } from '@lakehaul/ledger';
import { BODIES, type LedgerWorld, MIGRATION, tablePlan } from './ledger-world.ts';
import { plannedColumn } from './planned-table.ts';

export const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => SILENT };

export const EVENTS = 'public-events-1a2b3c4d';
export const USERS = 'public-users-5e6f7a8b';

export function range(from: string | null, to: string | null): Chunk['parts'] {
  return [{ kind: 'range', column: 'k', from, to }];
}

export function chunksOf(
  plan: Pick<TablePlan, 'generation' | 'firstChunk'>,
  parts: Chunk['parts'][],
  group: number | null,
) {
  return parts.map(
    (each, place): Chunk => ({
      number: plan.firstChunk + place,
      generation: plan.generation,
      parts: each,
      estimatedRows: 10n,
      estimatedBytes: 1000n,
      scanGroup: group,
    }),
  );
}

const columns = [plannedColumn('k', { kind: 'bigint' }, 1)];
const source = { database: 'dev', schema: 'public', table: 'events', oid: '100', columnListHash: 'abc' };
export const PLANS = {
  history: tablePlan(5, { tableId: EVENTS, columns, source, watermark: '40', level: 'full' }),
  topUp: tablePlan(1, { tableId: EVENTS, columns, source, generation: 2, firstChunk: 5, level: 'full' }),
  users: tablePlan(3, {
    tableId: USERS,
    columns,
    source: { ...source, table: 'users' },
    keyColumns: [],
    level: 'carried',
  }),
};

/** Chunk 5 holds a row more than was proven. */
export const PROBE: ProbeRecord = {
  schemaVersion: 1,
  tableId: EVENTS,
  snapshotAt: '2026-01-01 00:00:00.000000',
  why: 'written',
  generations: [1, 2],
  chunks: 6,
  scans: 1,
  rows: '226',
  rowsScanned: '226',
  amplification: 1,
  bytes: '1000',
  durationMs: 5,
  strayRows: '0',
  differing: [{ generation: 2, chunk: 5, attempt: 1, provenRows: '5', sourceRows: '6' }],
};

type Level = 'carried' | 'full';

export class Historian {
  readonly ledger: Ledger;
  readonly #world: LedgerWorld;

  constructor(world: LedgerWorld, ledger: Ledger = world.open()) {
    this.#world = world;
    this.ledger = ledger;
  }

  async open(
    attempt: AttemptRef,
    level: Level,
    cause: ReceiptBodies['opened']['cause'],
    causedBy: string,
    observedAt: string | null,
  ) {
    this.#world.tick();
    const body: ReceiptBodies['opened'] = { cause, reason: cause, observedAt, hashForm: 'joined', level };
    await this.ledger.openAttempt(attempt, { attempt: attempt.attempt, body, causedBy });
  }

  async openFirst(ref: ChunkRef, level: Level): Promise<AttemptRef> {
    const attempt = { ...ref, attempt: 1 };
    await this.open(attempt, level, 'planned', this.ledger.keys.planHead(ref.tableId, ref.generation), null);
    return attempt;
  }

  async submit(attempt: AttemptRef, step: 'unload' | 'load'): Promise<string> {
    this.#world.tick();
    const name = `${step}-${attempt.tableId}-${attempt.chunk}-${attempt.attempt}`;
    const dataPrefix = `stage/${attempt.chunk}/${attempt.attempt}/data/`;
    const body = { step, statementName: name, clientToken: name, dataPrefix, statementTimeoutMs: 60_000 };
    return (await this.ledger.recordSubmission(attempt, body)).receipt.key;
  }

  async stage(attempt: AttemptRef, level: Level, rows: bigint, causedBy: string): Promise<void> {
    this.#world.tick();
    const dataPrefix = `stage/${attempt.chunk}/${attempt.attempt}/data/`;
    const file = { key: `${dataPrefix}0000_part_00.parquet`, sizeBytes: 1000, etag: 'e', rowCount: rows.toString() };
    const body = {
      ...BODIES.unloaded,
      dataPrefix,
      manifestKey: rows === 0n ? '' : `${dataPrefix}manifest`,
      files: rows === 0n ? [] : [file],
      sizeBytes: rows === 0n ? '0' : '1000',
      rowCount: rows.toString(),
      manifestRowCount: rows.toString(),
      sourceFingerprint: level === 'full' ? sumsOf(attempt, rows) : null,
    };
    await this.ledger.write(attempt, 'unloaded', body, causedBy);
  }

  async unload(attempt: AttemptRef, level: Level, rows: bigint): Promise<void> {
    await this.stage(attempt, level, rows, await this.submit(attempt, 'unload'));
  }

  async load(attempt: AttemptRef, rows: bigint): Promise<void> {
    const isSent = rows > 0n || attempt.attempt > 1;
    if (isSent) await this.submit(attempt, 'load');
    this.#world.tick();
    const operation = attempt.attempt > 1 ? (rows > 0n ? 'replace' : 'delete') : rows > 0n ? 'copy' : 'none';
    const body = { ...BODIES.loaded, operation, rowCount: rows.toString() } as const;
    await this.ledger.write(attempt, 'loaded', body, this.ledger.keys.receipt(attempt, 'unloaded'));
  }

  proof(attempt: AttemptRef, level: Level, rows: bigint): ProofBody {
    const sums = sumsOf(attempt, rows);
    const count = rows.toString();
    return {
      level,
      hashForm: 'joined',
      targetVersion: '7',
      rowCounts: { transaction: count, manifest: count, load: count, target: count },
      carried: sums,
      source: level === 'full' ? sums : null,
      target: sums,
    };
  }

  async verify(attempt: AttemptRef, level: Level, rows: bigint): Promise<void> {
    this.#world.tick();
    const loaded = this.ledger.keys.receipt(attempt, 'loaded');
    await this.ledger.write(attempt, 'verified', this.proof(attempt, level, rows), loaded);
  }

  async mismatch(attempt: AttemptRef, level: Level, rows: bigint): Promise<{ key: string; at: string }> {
    this.#world.tick();
    const proof = { ...this.proof(attempt, level, rows), targetVersion: '9', target: sumsOf(attempt, rows + 1n) };
    const body = { ...BODIES.mismatched, ...proof };
    const { receipt } = await this.ledger.write(
      attempt,
      'mismatched',
      body,
      this.ledger.keys.receipt(attempt, 'loaded'),
    );
    return { key: receipt.key, at: new Date(receipt.lastModifiedMs).toISOString() };
  }

  async clean(attempt: AttemptRef): Promise<void> {
    this.#world.tick();
    const causedBy = await this.ledger.newestOf(attempt, ['reproved', 'verified', 'counted']);
    await this.ledger.write(attempt, 'cleaned', { files: 1, sizeBytes: '1000', prefixes: [] }, causedBy);
  }

  /** From the opening to the cleaned stage, nothing in the way. */
  async straight(ref: ChunkRef, level: Level, rows: bigint): Promise<AttemptRef> {
    const attempt = await this.openFirst(ref, level);
    await this.unload(attempt, level, rows);
    await this.load(attempt, rows);
    await this.verify(attempt, level, rows);
    return attempt;
  }

  async tableSeal(tableId: string, chunks: number, rowCount: bigint, isSealed = true): Promise<void> {
    this.#world.tick();
    const observedAt = this.#world.nowText;
    this.#world.tick();
    const faults = isSealed ? [] : [{ kind: 'not-done', chunk: 3, message: 'chunk 3 is quarantined' }];
    await this.ledger.appendRecord(`tables/${tableId}/seals`, {
      schemaVersion: 1,
      tableId,
      observedAt,
      targetVersion: '9',
      chunks,
      rowCount: rowCount.toString(),
      isSealed,
      faultCount: faults.length,
      faults,
    });
    this.#world.tick();
  }
}

/** Numbers that differ from chunk to chunk and attempt to attempt, and beyond 2^53. */
function sumsOf(ref: ChunkRef, rows: bigint): Fingerprint {
  if (rows === 0n) return { rowCount: '0', groups: [] };
  const sum = 10n ** 25n + BigInt(ref.chunk) * 1_000_003n + rows;
  return { rowCount: rows.toString(), groups: [{ sum1: sum.toString(), sum2: (sum * 7n).toString() }] };
}

export interface Notary {
  world: LedgerWorld;
  ledger: Ledger;
  signer: SealSigner;
  anchors: Anchor[];
}

/** A seal as the hour passes. */
export async function sealHour(notary: Notary): Promise<LedgerSealOutcome> {
  const { world, ledger, signer, anchors } = notary;
  world.tick(3_600);
  return await sealLedger({
    store: world.store,
    keys: ledger.keys,
    migration: MIGRATION,
    actor: ledger.actor,
    ids: { uuid: () => `set-${anchors.length}-${world.nowMs}`, random: () => 0.5 },
    log: SILENT,
    signer,
    trusted: () => Promise.resolve(new Map()),
    anchors: {
      read: () => Promise.resolve(anchors),
      append: (more) => {
        anchors.push(...more);
        return Promise.resolve();
      },
    },
  });
}

/** Repairs, voids, a quarantine, proofs again, late rows, a shared scan, generations, checkpoints, settings, three seals. */
export async function writeHonestLedger(notary: Notary): Promise<void> {
  const { world, ledger } = notary;
  const historian = new Historian(world, ledger);
  const { history, topUp, users } = PLANS;
  const ref = (chunk: number, plan: TablePlan = history): ChunkRef => ({
    tableId: plan.tableId,
    generation: plan.generation,
    chunk,
  });
  await ledger.writePlan(
    history,
    chunksOf(
      history,
      [range(null, '10'), range('10', '20'), range('20', '30'), range('30', '40'), [{ kind: 'null', column: 'k' }]],
      null,
    ),
  );
  const buckets = [0, 1, 2].map((bucket): Chunk['parts'] => [{ kind: 'hash', modulus: 3, bucket }]);
  await ledger.writePlan(users, chunksOf(users, buckets, 0));
  await ledger.writeRecord(`tables/${EVENTS}/prepared`, { schemaVersion: 1, ddl: [], adopted: false });
  for (const change of [
    { action: 'limit', pattern: '*::*', max: 8 },
    { action: 'pause', pattern: 'public.users::*' },
  ] as const)
    await ledger.steering.change({ change, who: 'me', reason: 'ticket 1', requestId: change.action });

  await historian.clean(await historian.straight(ref(0), 'full', 100n));
  await historian.straight(ref(4), 'full', 0n);

  // Chunk 1: found to differ, replaced, proven twice again.
  const first = await historian.openFirst(ref(1), 'full');
  await historian.unload(first, 'full', 50n);
  await historian.load(first, 50n);
  const over = await historian.mismatch(first, 'full', 50n);
  const second = { ...first, attempt: 2 };
  await historian.open(second, 'full', 'mismatched', over.key, over.at);
  await historian.unload(second, 'full', 50n);
  await historian.load(second, 50n);
  await historian.verify(second, 'full', 50n);
  await sealHour(notary);
  for (const version of ['11', '12']) {
    world.tick();
    await ledger.recordReproof(second, { ...historian.proof(second, 'full', 50n), targetVersion: version });
  }

  // Chunk 2: its first attempt failed before anything was loaded.
  const lost = await historian.openFirst(ref(2), 'full');
  await historian.submit(lost, 'unload');
  world.tick();
  const failure = { step: 'unload', code: 'MANIFEST_INVALID', message: 'gone', retryAfterMs: 0 } as const;
  await ledger.recordFailure(lost, failure);
  const ended = await ledger.write(lost, 'void', BODIES.void, await ledger.newestOf(lost, ['submit', 'opened']));
  const again = { ...lost, attempt: 2 };
  await historian.open(again, 'full', 'void', ended.receipt.key, new Date(ended.receipt.lastModifiedMs).toISOString());
  await historian.unload(again, 'full', 70n);
  await historian.load(again, 70n);
  await historian.verify(again, 'full', 70n);

  // Chunk 3 waits for a person.
  const bad = await historian.openFirst(ref(3), 'full');
  world.tick();
  await ledger.recordFailure(bad, { ...failure, code: 'SOURCE_STATEMENT_FAILED' });
  await ledger.write(
    bad,
    'quarantined',
    { ...BODIES.quarantined, step: 'unload' },
    await ledger.newestOf(bad, ['failed']),
  );
  await historian.tableSeal(EVENTS, 5, 220n, false);

  // One scan for three chunks: the leader's opening and submission led to all of them.
  const leader = await historian.openFirst(ref(0, users), 'carried');
  const submitted = await historian.submit(leader, 'unload');
  for (const chunk of [1, 2, 0]) {
    const member = { ...ref(chunk, users), attempt: 1 };
    if (chunk > 0) await historian.open(member, 'carried', 'planned', ledger.keys.receipt(leader, 'opened'), null);
    await historian.stage(member, 'carried', 10n, submitted);
  }
  for (const chunk of [0, 1, 2]) {
    const member = { ...ref(chunk, users), attempt: 1 };
    await historian.load(member, 10n);
    await historian.verify(member, 'carried', 10n);
    await historian.clean(member);
  }
  await historian.tableSeal(USERS, 3, 30n);
  const scan = ledger.openScan();
  await scan.refresh();
  await scan.fold();
  await sealHour(notary);

  // The top-up, reopened by rows that came late.
  await ledger.writePlan(topUp, chunksOf(topUp, [range('40', null)], null));
  const tail = await historian.straight(ref(5, topUp), 'full', 5n);
  world.tick(5);
  const probe = await ledger.appendRecord(probesPath(EVENTS), PROBE);
  const observedAt = new Date(probe.record.lastModifiedMs).toISOString();
  const newer = { ...tail, attempt: 2 };
  await historian.open(newer, 'full', 'late-rows', probe.record.key, observedAt);
  await historian.unload(newer, 'full', 6n);
  await historian.load(newer, 6n);
  await historian.verify(newer, 'full', 6n);
  await historian.tableSeal(EVENTS, 6, 226n, false);
  await sealHour(notary);
}
