/**
 * The load against a table that behaves as Delta on a warehouse does where it can hurt: COPY skips files that it knows,
 * statements go on after their client is gone, late ones commit whenever they like. Whole clouds are in test/faults; these
 * are its fast twins.
 */
import type { LoadAnswer, LoadRequest, Stage, Target, TargetStatement } from '@lakehaul/adapters';
import {
  type AttemptRef,
  LakehaulError,
  type Log,
  lineageOf,
  lineageParts,
  type ObjectInfo,
  type StagedFile,
} from '@lakehaul/core';
import type { Ledger } from '@lakehaul/ledger';
import { beforeEach, describe, expect, it } from 'vitest';
import { BODIES, chunkRef, LedgerWorld, rangeChunks, tablePlan } from '../../../test/support/ledger-world.ts';
import { type LoadDeps, loadChunk, SEND_WITHIN_MS } from './load-chunk.ts';
import { voidAttempt } from './void-attempt.ts';

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => log };
const ROWS_PER_FILE = 5;
const plan = tablePlan(2);

/** Rows by lineage value; `sent` are the statements in the order in which they were sent. */
class FakeTable {
  readonly rows = new Map<bigint, number>();
  readonly sent: { operation: string; tag: string; files: readonly string[]; sendBeforeMs: number }[] = [];
  /** What happens to the next statement instead of its answer. */
  next: 'answers' | 'is-lost' | 'is-lost-unsent' | 'runs-on' | 'answers-0' = 'answers';
  readonly #known = new Set<string>();
  readonly #statements: (TargetStatement & { commit: () => void })[] = [];
  #version = 5;

  get target(): Target {
    const own: Partial<Target> = {
      version: async () => String(this.#version),
      copy: async (request) => this.#send('copy', request, () => this.#copy(request)),
      replace: async (request) => this.#send('replace', request, () => this.#replace(request)),
      deleteChunk: async (request) =>
        this.#send('delete', { ...request, fileNames: [] }, () => {
          this.#clear(request.chunk);
          return 0;
        }),
      findStatements: async (tag) => this.#statements.filter((each) => each.statementTag === tag),
      countLineages: async (_plan, chunk) =>
        [...this.rows]
          .filter(([lineage, rows]) => lineageParts(lineage).chunk === chunk && rows > 0)
          .map(([lineage, rows]) => ({ lineage, rowCount: String(rows) })),
    };
    return own as Target;
  }

  /** A statement that nobody waited for ends at last. */
  commitLate(): void {
    for (const statement of this.#statements.filter((each) => each.status === 'running')) {
      statement.commit();
      statement.status = 'finished';
    }
  }

  #send(
    operation: string,
    request: Pick<LoadRequest, 'statementTag' | 'fileNames' | 'sendBeforeMs'>,
    act: () => number,
  ): LoadAnswer {
    const { next } = this;
    this.next = 'answers';
    const { statementTag: tag, fileNames: files, sendBeforeMs } = request;
    this.sent.push({ operation, tag, files, sendBeforeMs });
    const lost = new LakehaulError('ANSWER_LOST', 'socket hang up');
    if (next === 'is-lost-unsent') throw lost;
    const statementId = `st-${this.sent.length}`;
    const statement = { statementId, statementTag: request.statementTag, error: null, commit: () => void act() };
    if (next === 'runs-on') {
      this.#statements.push({ ...statement, status: 'running' });
      throw lost;
    }
    const rows = next === 'answers-0' ? 0 : act();
    this.#statements.push({ ...statement, status: 'finished' });
    if (next === 'is-lost') throw lost;
    return { statementId, insertedRows: operation === 'delete' ? null : String(rows) };
  }

  #copy(request: LoadRequest): number {
    const fresh = request.fileNames.filter((name) => !this.#known.has(request.dataUrl + name));
    for (const name of fresh) this.#known.add(request.dataUrl + name);
    return this.#add(request, fresh.length * ROWS_PER_FILE);
  }

  #replace(request: LoadRequest): number {
    this.#clear(request.chunk);
    return this.#add(request, request.fileNames.length * ROWS_PER_FILE);
  }

  #add({ chunk, attempt }: LoadRequest, rows: number): number {
    const lineage = lineageOf(chunk, attempt);
    this.rows.set(lineage, (this.rows.get(lineage) ?? 0) + rows);
    this.#version++;
    return rows;
  }

  #clear(chunk: number): void {
    for (const lineage of this.rows.keys()) if (lineageParts(lineage).chunk === chunk) this.rows.delete(lineage);
    this.#version++;
  }
}

let world: LedgerWorld;
let ledger: Ledger;
let table: FakeTable;
let staged: Map<string, ObjectInfo>;
let deps: LoadDeps;

const ref = (attempt: number): AttemptRef => ({ ...chunkRef(plan, 0), attempt });

beforeEach(async () => {
  world = new LedgerWorld();
  ledger = world.open();
  await ledger.writePlan(plan, rangeChunks(plan));
  table = new FakeTable();
  staged = new Map();
  const stage: Partial<Stage> = {
    url: (key) => `s3://b/${key}`,
    list: async (prefix) => [...staged.values()].filter((object) => object.key.startsWith(prefix)),
  };
  deps = {
    ledger,
    target: table.target,
    stage: stage as Stage,
    nowMs: () => 0,
    sleep: async () => world.tick(30),
    serverTimeMs: () => ledger.serverTimeMs(),
    targetTimeoutMs: 60_000,
    startWithinMs: 60_000,
  };
});

/** Opens the attempt and stages its files, as the unload step leaves them. */
async function stagedAttempt(attempt: number, files = 2): Promise<string> {
  const opened = { ...BODIES.opened, observedAt: attempt === 1 ? null : world.nowText };
  await ledger.openAttempt(chunkRef(plan, 0), { attempt, body: opened, causedBy: null });
  const dataPrefix = `stage/a${attempt}-s1/data/`;
  const own: StagedFile[] = Array.from({ length: files }, (_, index) => ({
    key: `${dataPrefix}000${index}.parquet`,
    sizeBytes: 100 + index,
    etag: `e${attempt}${index}`,
    rowCount: String(ROWS_PER_FILE),
  }));
  const manifestKey = `${dataPrefix}manifest`;
  for (const file of own) staged.set(file.key, { ...file, lastModifiedMs: 0 });
  if (files > 0) staged.set(manifestKey, { key: manifestKey, sizeBytes: 9, etag: 'm', lastModifiedMs: 0 });
  const rowCount = String(files * ROWS_PER_FILE);
  const body = { ...BODIES.unloaded, dataPrefix, manifestKey, files: own, rowCount, manifestRowCount: rowCount };
  await ledger.write(ref(attempt), 'unloaded', body, null);
  world.tick();
  return dataPrefix;
}

const load = (attempt: number) => loadChunk(deps, ref(attempt), new AbortController().signal, log);
const operations = () => table.sent.map((each) => each.operation);

describe('the first attempt', () => {
  it('COPYs exactly the manifest’s files, and says so after it has', async () => {
    await stagedAttempt(1);
    await load(1);
    expect(table.sent).toMatchObject([{ operation: 'copy', files: ['0000.parquet', '0001.parquet'] }]);
    expect(table.rows).toEqual(new Map([[lineageOf(0, 1), 10]]));
    const receipt = await ledger.read(ref(1), 'loaded');
    expect(receipt?.body).toMatchObject({ operation: 'copy', rowCount: '10', rowCountFrom: 'answer' });
  });

  it('may be sent for a while counted from before its submission’s receipt, however long that took to write', async () => {
    await stagedAttempt(1);
    let nowMs = 0;
    deps.nowMs = () => nowMs;
    world.store.intercept = ({ operation, key }) => {
      if (operation === 'putIfAbsent' && key.includes('.submit-')) nowMs += 3_600_000;
    };
    await load(1);
    expect(nowMs).toBeGreaterThan(0);
    expect(table.sent[0]?.sendBeforeMs).toBe(SEND_WITHIN_MS);
  });

  it('that fails leaves no receipt', async () => {
    await stagedAttempt(1);
    table.next = 'is-lost-unsent';
    await expect(load(1)).rejects.toMatchObject({ code: 'ANSWER_LOST' });
    expect(await ledger.read(ref(1), 'loaded')).toBeNull();
  });

  it('whose COPY answers 0 is loaded only if the target holds its rows', async () => {
    await stagedAttempt(1);
    table.next = 'answers-0';
    await expect(load(1)).rejects.toMatchObject({ code: 'COUNT_MISMATCH' });
    expect(await ledger.read(ref(1), 'loaded')).toBeNull();
    table.rows.set(lineageOf(0, 1), 10);
    await load(1);
    expect((await ledger.read(ref(1), 'loaded'))?.body).toMatchObject({ rowCount: '10', rowCountFrom: 'lineage' });
  });

  it('without rows needs no statement', async () => {
    await stagedAttempt(1, 0);
    await load(1);
    expect(table.sent).toEqual([]);
    expect((await ledger.read(ref(1), 'loaded'))?.body).toMatchObject({ operation: 'none', rowCount: '0' });
  });
});

describe('a lost answer', () => {
  it('of a statement that was done is made up for by the count of its lineage value, not by another statement', async () => {
    await stagedAttempt(1);
    table.next = 'is-lost';
    await expect(load(1)).rejects.toMatchObject({ code: 'ANSWER_LOST' });
    await load(1);
    expect(operations()).toEqual(['copy']);
    expect((await ledger.read(ref(1), 'loaded'))?.body).toMatchObject({
      rowCount: '10',
      rowCountFrom: 'lineage',
      statementIds: ['st-1'],
    });
  });

  it('of a statement that still runs is waited for', async () => {
    await stagedAttempt(1);
    table.next = 'runs-on';
    await expect(load(1)).rejects.toMatchObject({ code: 'ANSWER_LOST' });
    deps.sleep = async () => table.commitLate();
    await load(1);
    expect(operations()).toEqual(['copy']);
    expect(table.rows).toEqual(new Map([[lineageOf(0, 1), 10]]));
  });

  it('is not made up for while rows of another attempt stand beside its own', async () => {
    await stagedAttempt(1);
    table.next = 'is-lost';
    await expect(load(1)).rejects.toMatchObject({ code: 'ANSWER_LOST' });
    table.rows.set(lineageOf(0, 9), 3);
    await expect(load(1)).rejects.toMatchObject({ code: 'COUNT_MISMATCH' });
    expect(await ledger.read(ref(1), 'loaded')).toBeNull();
  });
});

describe('a stage that is not as the receipt says', () => {
  const damage: [string, (prefix: string) => void][] = [
    ['another size', (prefix) => change(`${prefix}0000.parquet`, { sizeBytes: 7 })],
    ['another ETag under the same size', (prefix) => change(`${prefix}0000.parquet`, { etag: 'other' })],
    ['a file gone', (prefix) => void staged.delete(`${prefix}0001.parquet`)],
    ['a file more', (prefix) => change(`${prefix}0009.parquet`, {})],
  ];
  function change(key: string, to: Partial<ObjectInfo>): void {
    staged.set(key, { key, sizeBytes: 1, etag: 'e', lastModifiedMs: 0, ...staged.get(key), ...to });
  }

  it.each(damage)('(%s) is not loaded: nothing is sent', async (_what, change) => {
    change(await stagedAttempt(1));
    await expect(load(1)).rejects.toMatchObject({ code: 'STAGE_MISMATCH' });
    expect(table.sent).toEqual([]);
  });
});

describe('a later attempt', () => {
  async function mismatched(attempt: number): Promise<void> {
    await ledger.write(ref(attempt), 'mismatched', BODIES.mismatched, null);
    world.tick();
  }

  it('REPLACEs what all attempts of its chunk wrote, and leaves other chunks and live rows alone', async () => {
    table.rows.set(lineageOf(1, 1), 7);
    await stagedAttempt(1);
    await load(1);
    await mismatched(1);
    await stagedAttempt(2);
    await load(2);
    expect(operations()).toEqual(['copy', 'replace']);
    expect(table.rows).toEqual(
      new Map([
        [lineageOf(1, 1), 7],
        [lineageOf(0, 2), 10],
      ]),
    );
  });

  it('without rows DELETEs what earlier ones wrote', async () => {
    await stagedAttempt(1);
    await load(1);
    await mismatched(1);
    await stagedAttempt(2, 0);
    await load(2);
    expect(operations()).toEqual(['copy', 'delete']);
    expect(table.rows).toEqual(new Map());
  });

  /** Attempt 2 sent a REPLACE that nobody heard of again; attempt 3 is staged. */
  async function lostReplace(next: 'runs-on' | 'is-lost-unsent'): Promise<void> {
    await stagedAttempt(1);
    await load(1);
    await mismatched(1);
    await stagedAttempt(2);
    table.next = next;
    await expect(load(2)).rejects.toMatchObject({ code: 'ANSWER_LOST' });
    world.tick();
  }

  it('cannot end one whose REPLACE runs, however old it is, nor load over it', async () => {
    await lostReplace('runs-on');
    world.tick(86_400);
    const over = new LakehaulError('SOURCE_RESULT_EXPIRED', 'too late');
    await expect(voidAttempt(deps, ref(2), over)).rejects.toMatchObject({ code: 'FENCED' });
    await stagedAttempt(3);
    await expect(load(3)).rejects.toMatchObject({ code: 'FENCED' });
    expect(operations()).toEqual(['copy', 'replace']);
    expect(await ledger.read(ref(2), 'void')).toBeNull();

    table.commitLate();
    await load(3);
    expect(table.rows).toEqual(new Map([[lineageOf(0, 3), 10]]));
  });

  it('cannot end one whose REPLACE is not seen until it is past the time at which the engine kills it', async () => {
    await lostReplace('is-lost-unsent');
    await stagedAttempt(3);
    await expect(load(3)).rejects.toMatchObject({ code: 'FENCED' });
    world.tick(3600);
    await load(3);
    expect(table.rows).toEqual(new Map([[lineageOf(0, 3), 10]]));
    expect((await ledger.read(ref(2), 'void'))?.body.proof).toBe('statements-terminal');
  });
});
