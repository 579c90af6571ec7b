/**
 * What one call does to the clouds and what it answers: pure, so that the same code serves a search over all schedules
 * and a single test. `touches` says what a call reads and writes, for deciding whether two calls commute.
 */
import type { LoadAnswer, SourceStatement, TargetStatement, UnloadRequest } from '@lakehaul/adapters';
import {
  type Fingerprint,
  type KeyPart,
  LakehaulError,
  lineageOf,
  lineageRange,
  type ObjectInfo,
} from '@lakehaul/core';
import {
  type Clouds,
  currentRows,
  fileOf,
  type Load,
  type LoadStatement,
  rowsOfFile,
  type SourceBatch,
  type StatementState,
  type StoredObject,
  type TargetRow,
  withObject,
  withoutObjects,
} from './state.ts';

export type Call =
  | { on: 's3.PutObject'; key: string; body: string; isCreateOnce: boolean }
  | { on: 's3.GetObject'; key: string }
  | { on: 's3.HeadObject'; key: string }
  | { on: 's3.ListObjectsV2'; prefix: string; after: string }
  | { on: 's3.DeleteObjects'; keys: readonly string[] }
  | { on: 's3.HeadBucket' }
  | { on: 'stage.readManifest'; prefix: string }
  | { on: 'redshift.ListStatements'; name: string }
  | { on: 'redshift.BatchExecuteStatement'; request: BatchRequest }
  | { on: 'redshift.DescribeStatement'; id: string }
  | { on: 'redshift.GetStatementResult'; id: string }
  | { on: 'databricks.write'; load: Load; sendBeforeMs: number }
  | { on: 'databricks.history'; tag: string }
  | { on: 'databricks.version' }
  | { on: 'databricks.countLineages'; chunk: number; version: string }
  | { on: 'databricks.fingerprint'; lineage: bigint; version: string }
  | { on: 'databricks.carried'; prefix: string; fileNames: readonly string[] }
  | { on: 'databricks.lineageCounts'; version: string }
  | { on: 'databricks.commits'; since: string }
  | { on: 'clock.sleep'; ms: number }
  | { on: 'world.change'; rows: readonly number[] };

/** Of an UnloadRequest, what a model needs. A row's number is also its key. */
export type BatchRequest = Pick<UnloadRequest, 'statementName' | 'dataUrl' | 'predicate'>;

export type Answer = { value: unknown } | { error: LakehaulError };
export interface Outcome {
  clouds: Clouds;
  answer: Answer;
}

export const BUCKET_URL = 's3://bucket/';
/** A sleeper may sleep longer than it asked for, and time passes in no other way: each sleep is past the minute's slack. */
export const SLEEP_MS = 65_000;

/** Does the call, as the cloud does it when nothing goes wrong. */
export function perform(clouds: Clouds, call: Call): Outcome {
  switch (call.on) {
    case 's3.PutObject': {
      if (call.isCreateOnce && clouds.objects.has(call.key)) return { clouds, answer: { value: { created: false } } };
      return { clouds: withObject(clouds, call.key, call.body), answer: { value: { created: true } } };
    }
    case 's3.DeleteObjects':
      return { clouds: withoutObjects(clouds, call.keys), answer: { value: undefined } };
    case 'redshift.BatchExecuteStatement':
      return submitBatch(clouds, call.request, 'finished');
    case 'databricks.write':
      return submitLoad(clouds, call, 'finished');
    case 'clock.sleep':
      return {
        clouds: withTimeouts({ ...clouds, nowMs: clouds.nowMs + Math.max(call.ms, SLEEP_MS) }),
        answer: { value: undefined },
      };
    case 'world.change':
      return { clouds: { ...clouds, source: call.rows }, answer: { value: undefined } };
    case 'redshift.DescribeStatement': {
      // The port answers when the statement has ended: whoever waits for it sees it end.
      const isRunning = clouds.batches.some((batch) => batch.id === call.id && batch.state === 'running');
      const ended = isRunning ? runBatch(clouds, call.id) : clouds;
      return { clouds: ended, answer: answerOf(() => read(ended, call)) };
    }
    default:
      return { clouds, answer: answerOf(() => read(clouds, call)) };
  }
}

function answerOf(ask: () => unknown): Answer {
  try {
    return { value: ask() };
  } catch (thrown) {
    if (thrown instanceof LakehaulError) return { error: thrown };
    throw thrown;
  }
}

type Reading = Exclude<
  Call,
  | { on: 's3.PutObject' }
  | { on: 's3.DeleteObjects' }
  | { on: 'redshift.BatchExecuteStatement' }
  | { on: 'databricks.write' }
  | { on: 'clock.sleep' }
  | { on: 'world.change' }
>;

function read(clouds: Clouds, call: Reading): unknown {
  switch (call.on) {
    case 's3.GetObject': {
      const object = clouds.objects.get(call.key);
      return object === undefined ? null : { body: object.body, info: infoOf(call.key, object) };
    }
    case 's3.HeadObject': {
      const object = clouds.objects.get(call.key);
      return object === undefined ? null : infoOf(call.key, object);
    }
    case 's3.ListObjectsV2':
      return listed(clouds, call.prefix, call.after);
    case 's3.HeadBucket':
      return Math.floor(clouds.nowMs / 1000) * 1000;
    case 'stage.readManifest':
      return manifestOf(clouds, call.prefix);
    case 'redshift.ListStatements': {
      const batch = clouds.batches.find((each) => each.name === call.name && each.state !== 'arriving');
      return batch === undefined ? null : statementOf(batch);
    }
    case 'redshift.DescribeStatement':
      return statementOf(batchOf(clouds, call.id));
    case 'redshift.GetStatementResult': {
      const batch = batchOf(clouds, call.id);
      if (batch.isExpired || batch.answer === null)
        throw new LakehaulError('SOURCE_RESULT_EXPIRED', `result of ${call.id} has expired`);
      return batch.answer;
    }
    case 'databricks.history':
      return clouds.loads.filter((load) => load.tag === call.tag && load.state !== 'arriving').map(targetStatementOf);
    case 'databricks.version':
      return String(clouds.versions.length - 1);
    case 'databricks.countLineages': {
      const { low, high } = lineageRange(call.chunk);
      return lineageCounts(rowsAt(clouds, call.version)).filter((e) => e.lineage >= low && e.lineage <= high);
    }
    case 'databricks.lineageCounts':
      return lineageCounts(rowsAt(clouds, call.version));
    case 'databricks.fingerprint':
      return fingerprintOf(
        rowsAt(clouds, call.version)
          .filter((row) => row.lineage === call.lineage)
          .map((row) => row.row),
      );
    case 'databricks.carried':
      return fingerprintOf(
        call.fileNames.flatMap((name) => stagedRows(clouds, call.prefix + name)).map(({ hash }) => hash),
      );
    case 'databricks.commits':
      return commitsSince(clouds, call.since).map((c) => ({ ...c, metrics: {}, user: 'lakehaul' }));
  }
}

function infoOf(key: string, object: StoredObject): ObjectInfo {
  return { key, sizeBytes: object.body.length, etag: object.etag, lastModifiedMs: object.lastModifiedMs };
}

/** Keys of a model are ASCII: JavaScript's order is S3's. */
export function listed(clouds: Clouds, prefix: string, after = ''): ObjectInfo[] {
  const keys = [...clouds.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
  return keys.map((key) => infoOf(key, clouds.objects.get(key) as StoredObject));
}

function stagedRows(clouds: Clouds, key: string): { row: number; hash: number }[] {
  const object = clouds.objects.get(key);
  if (object === undefined) throw new LakehaulError('STAGE_MISMATCH', `${key} is missing`);
  return rowsOfFile(object.body);
}

function manifestOf(clouds: Clouds, prefix: string): unknown {
  const manifest = clouds.objects.get(`${prefix}manifest`);
  const files = listed(clouds, prefix).filter((info) => info.key !== `${prefix}manifest`);
  if (manifest === undefined) {
    if (files.length === 0) return null;
    throw new LakehaulError('MANIFEST_INVALID', `${prefix}manifest is missing`);
  }
  const named = new Map((JSON.parse(manifest.body) as [string, number, number][]).map((e) => [e[0], e]));
  if (files.length !== named.size) throw new LakehaulError('MANIFEST_INVALID', 'not the files of the manifest');
  const staged = files.map((info) => {
    const entry = named.get(info.key);
    if (entry === undefined || entry[1] !== info.sizeBytes)
      throw new LakehaulError('MANIFEST_INVALID', `${info.key} is not what the manifest says`);
    return { key: info.key, sizeBytes: info.sizeBytes, etag: info.etag, rowCount: String(entry[2]) };
  });
  const sum = (values: number[]) => String(values.reduce((total, value) => total + value, 0));
  return {
    manifestKey: `${prefix}manifest`,
    files: staged,
    rowCount: sum(staged.map((file) => Number(file.rowCount))),
    sizeBytes: sum(staged.map((file) => file.sizeBytes)),
  };
}

// ---------------------------------------------------------------- source

/** `finished`: it runs at once. Otherwise it takes its snapshot and writes its files when it lands. */
export function submitBatch(clouds: Clouds, request: BatchRequest, state: StatementState): Outcome {
  const id = `batch-${request.statementName}`;
  const batch: SourceBatch = {
    id,
    name: request.statementName,
    state,
    dataPrefix: request.dataUrl.slice(BUCKET_URL.length),
    parts: request.predicate.parts,
    rows: [],
    answer: null,
    isExpired: false,
  };
  const sent = { ...clouds, batches: [...clouds.batches, batch] };
  return { clouds: state === 'finished' ? runBatch(sent, id) : sent, answer: { value: { statementId: id } } };
}

/** The transaction: one snapshot for the count, the files and the second scan. Two files, so that one can go missing. */
export function runBatch(clouds: Clouds, id: string): Clouds {
  const batch = batchOf(clouds, id);
  const rows = clouds.source.filter((row) => batch.parts.every((part) => isInside(row, part)));
  const half = Math.ceil(rows.length / 2);
  const parts = [rows.slice(0, half), rows.slice(half)].filter((part) => part.length > 0);
  const files = parts.map((part, place) => [`${batch.dataPrefix}000${place}.parquet`, fileOf(part)] as const);
  let next = clouds;
  for (const [key, body] of files) next = withObject(next, key, body);
  const manifest = files.map(([key, body], place) => [key, body.length, parts[place]?.length ?? 0]);
  if (files.length > 0) next = withObject(next, `${batch.dataPrefix}manifest`, JSON.stringify(manifest));
  const answer = {
    counts: [{ bucket: null, rowCount: String(rows.length), maxRowBytes: '10' }],
    columnListHash: 'abc',
    policies: [],
    snapshotAt: new Date(clouds.nowMs).toISOString().replace('T', ' ').replace('Z', '000'),
    fingerprints: [{ bucket: null, fingerprint: fingerprintOf(rows) }],
  };
  return { ...next, batches: replaced(clouds.batches, { ...batch, state: 'finished', answer, rows }) };
}

function isInside(key: number, part: KeyPart): boolean {
  if (part.kind !== 'range') throw new Error(`the model cuts by ranges, not by ${part.kind}`);
  return (part.from === null || Number(part.from) <= key) && (part.to === null || key < Number(part.to));
}

function replaced<T extends { id: string }>(list: readonly T[], entry: T): T[] {
  return list.map((each) => (each.id === entry.id ? entry : each));
}

function batchOf(clouds: Clouds, id: string): SourceBatch {
  const batch = clouds.batches.find((each) => each.id === id);
  if (batch === undefined) throw new LakehaulError('SOURCE_STATEMENT_FAILED', `${id} is not known`);
  return batch;
}

function statementOf(batch: SourceBatch): SourceStatement {
  return {
    statementId: batch.id,
    statementName: batch.name,
    status: batch.state === 'failed' ? 'failed' : batch.state === 'finished' ? 'finished' : 'running',
    error: batch.state === 'failed' ? 'killed' : null,
    queryIds: ['1'],
    durationMs: 1,
  };
}

// ---------------------------------------------------------------- target

export function submitLoad(
  clouds: Clouds,
  call: { load: Load; sendBeforeMs: number },
  state: 'arriving' | 'running' | 'finished' | 'failed',
): Outcome {
  if (clouds.nowMs > call.sendBeforeMs)
    return { clouds, answer: { error: new LakehaulError('UNREACHABLE', 'too late to be sent; nothing was sent') } };
  const id = `load-${clouds.loads.length + 1}`;
  const deadlineMs = clouds.nowMs + call.load.timeoutMs;
  const isLate = state !== 'arriving' && clouds.nowMs > call.load.startBeforeMs;
  const first = isLate ? 'failed' : state;
  const sent = { ...clouds, loads: [...clouds.loads, { ...call.load, deadlineMs, id, state: first }] };
  if (isLate) return { clouds: sent, answer: { error: new LakehaulError('THROTTLED', 'began too late') } };
  if (state !== 'finished') return { clouds: sent, answer: { value: { statementId: id, insertedRows: null } } };
  return answerOfLoad(sent, id);
}

function answerOfLoad(clouds: Clouds, id: string): Outcome {
  try {
    const { clouds: after, insertedRows } = commitLoad(clouds, id);
    return { clouds: after, answer: { value: { statementId: id, insertedRows } satisfies LoadAnswer } };
  } catch (thrown) {
    if (!(thrown instanceof LakehaulError)) throw thrown;
    return { clouds: endLoad(clouds, id, 'failed'), answer: { error: thrown } };
  }
}

/** Commits a statement now. COPY skips files by name, even when they changed; REPLACE and DELETE take the whole range. */
export function commitLoad(clouds: Clouds, id: string): { clouds: Clouds; insertedRows: string | null } {
  const load = loadOf(clouds, id);
  const keys = load.fileNames.map((name) => load.dataPrefix + name);
  const fresh = load.operation === 'copy' ? keys.filter((key) => !clouds.knownFiles.has(key)) : keys;
  const lineage = lineageOf(load.chunk, load.attempt);
  const range = lineageRange(load.chunk);
  const inserted: TargetRow[] = fresh.flatMap((key) => stagedRows(clouds, key)).map(({ row }) => ({ lineage, row }));
  const isInRange = (row: TargetRow) => row.lineage !== null && row.lineage >= range.low && row.lineage <= range.high;
  const kept = load.operation === 'copy' ? currentRows(clouds) : currentRows(clouds).filter((row) => !isInRange(row));
  const isNothing = load.operation === 'copy' && fresh.length === 0;
  const predicate = load.operation === 'copy' ? '' : `_lakehaul >= ${range.low} AND _lakehaul <= ${range.high}`;
  const operation = { copy: 'COPY INTO', replace: 'WRITE', delete: 'DELETE' }[load.operation];
  const committed = isNothing
    ? clouds
    : {
        ...clouds,
        versions: [...clouds.versions, [...kept, ...inserted]],
        commits: [...clouds.commits, { operation, predicate, tag: load.tag }],
        knownFiles: load.operation === 'copy' ? new Set([...clouds.knownFiles, ...fresh]) : clouds.knownFiles,
      };
  const insertedRows = load.operation === 'delete' ? null : String(inserted.length);
  return { clouds: endLoad(committed, id, 'finished'), insertedRows };
}

export function endLoad(clouds: Clouds, id: string, state: 'running' | 'finished' | 'failed'): Clouds {
  return { ...clouds, loads: replaced(clouds.loads, { ...loadOf(clouds, id), state }) };
}

function loadOf(clouds: Clouds, id: string): LoadStatement {
  const load = clouds.loads.find((each) => each.id === id);
  if (load === undefined) throw new Error(`no load ${id}`);
  return load;
}

/** The engine counts from where a statement begins, whenever it was sent; past its latest beginning it only fails. */
export function beginLoad(clouds: Clouds, id: string): Clouds {
  const load = loadOf(clouds, id);
  if (clouds.nowMs > load.startBeforeMs) return endLoad(clouds, id, 'failed');
  const deadlineMs = clouds.nowMs + load.timeoutMs;
  return { ...clouds, loads: replaced(clouds.loads, { ...load, state: 'running', deadlineMs }) };
}

function withTimeouts(clouds: Clouds): Clouds {
  let next = clouds;
  for (const load of clouds.loads)
    if (
      (load.state === 'running' && clouds.nowMs > load.deadlineMs) ||
      (load.state === 'arriving' && clouds.nowMs > load.startBeforeMs)
    )
      next = endLoad(next, load.id, 'failed');
  return next;
}

function targetStatementOf(load: LoadStatement): TargetStatement {
  const status = load.state === 'arriving' ? 'running' : load.state;
  return { statementId: load.id, statementTag: load.tag, status, error: status === 'failed' ? 'killed' : null };
}

function rowsAt(clouds: Clouds, version: string): readonly TargetRow[] {
  return clouds.versions[Number(version)] ?? [];
}

export function commitsSince(
  clouds: Clouds,
  since: string,
): { version: string; operation: string; statementTag: string; parameters: Record<string, string> }[] {
  return clouds.commits
    .map(({ operation, predicate, tag }, place) => ({
      version: String(place + 1),
      operation,
      statementTag: tag,
      parameters: { predicate },
    }))
    .filter((commit) => Number(commit.version) > Number(since));
}

export function lineageCounts(rows: readonly TargetRow[]): { lineage: bigint; rowCount: string }[] {
  const counts = new Map<bigint, number>();
  for (const { lineage } of rows) if (lineage !== null) counts.set(lineage, (counts.get(lineage) ?? 0) + 1);
  return [...counts].map(([lineage, count]) => ({ lineage, rowCount: String(count) }));
}

/** Exact for a model: the sum of 2^(16·row) tells how often each row (below 64) is there, up to 65,535 times. */
export function fingerprintOf(rows: readonly number[]): Fingerprint {
  const sum = rows.reduce((total, row) => total + (1n << BigInt(16 * row)), 0n);
  return { rowCount: String(rows.length), groups: rows.length === 0 ? [] : [{ sum1: String(sum), sum2: String(sum) }] };
}

// ---------------------------------------------------------------- what a call touches

export interface Touch {
  /** `o:<key>` an object, `p:<prefix>` all below it, `source`, `batches`, `target`, `loads`, `clock`; `*` everything. */
  what: string;
  isWrite: boolean;
}

const reads = (what: string): Touch => ({ what, isWrite: false });
const writes = (what: string): Touch => ({ what, isWrite: true });

/** Only a sleep writes it. */
export const CLOCK_IS_READ: Touch = reads('clock');

export function touchesOfBatch(dataPrefix: string): Touch[] {
  return [reads('source'), writes('batches'), writes(`p:${dataPrefix}`)];
}

export function touchesOfLoad(load: Pick<Load, 'dataPrefix'>): Touch[] {
  return [reads(`p:${load.dataPrefix}`), writes('target'), writes('loads')];
}

/** Empty: the answer is the same for ever, and nothing changes. Objects never change once written, versions neither. */
export function touchesOf(clouds: Clouds, call: Call): Touch[] {
  switch (call.on) {
    case 's3.PutObject':
      return [writes(`o:${call.key}`)];
    case 's3.GetObject':
    case 's3.HeadObject':
      return clouds.objects.has(call.key) ? [] : [reads(`o:${call.key}`)];
    case 's3.ListObjectsV2':
    case 'stage.readManifest':
      return [reads(`p:${call.prefix}`)];
    case 's3.DeleteObjects':
      return call.keys.map((key) => writes(`o:${key}`));
    case 's3.HeadBucket':
      return [CLOCK_IS_READ];
    case 'redshift.ListStatements':
    case 'redshift.GetStatementResult':
      return [reads('batches')];
    case 'redshift.DescribeStatement': {
      const batch = clouds.batches.find((each) => each.id === call.id);
      return batch?.state === 'running' ? touchesOfBatch(batch.dataPrefix) : [reads('batches')];
    }
    case 'redshift.BatchExecuteStatement':
      return touchesOfBatch(call.request.dataUrl.slice(BUCKET_URL.length));
    case 'databricks.write':
      return touchesOfLoad(call.load);
    case 'databricks.history':
      return [reads('loads')];
    case 'databricks.version':
    case 'databricks.commits':
      return [reads('target')];
    case 'databricks.countLineages':
    case 'databricks.fingerprint':
    case 'databricks.lineageCounts':
      return [];
    case 'databricks.carried':
      return [reads(`p:${call.prefix}`)];
    // Every PUT reads the clock by its LastModified, every load by its deadlines.
    case 'clock.sleep':
      return [writes('*')];
    case 'world.change':
      return [writes('source')];
  }
}

export function doConflict(a: readonly Touch[], b: readonly Touch[]): boolean {
  return a.some((x) => b.some((y) => (x.isWrite || y.isWrite) && isSame(x.what, y.what)));
}

function isSame(a: string, b: string): boolean {
  if (a === '*' || b === '*' || a === b) return true;
  const [kindA, kindB] = [a.slice(0, 2), b.slice(0, 2)];
  if (kindA === 'p:' && (kindB === 'p:' || kindB === 'o:')) return within(b.slice(2), a.slice(2), kindB);
  return kindB === 'p:' && kindA === 'o:' && within(a.slice(2), b.slice(2), kindA);
}

function within(inner: string, outer: string, kind: string): boolean {
  return inner.startsWith(outer) || (kind === 'p:' && outer.startsWith(inner));
}
