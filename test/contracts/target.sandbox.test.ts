/** Source, stage and target ports together against the local clouds, through the AWS SDK and @databricks/sql. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clouds, type LoadRequest, openClouds, type Target, type UnloadRequest } from '@lakehaul/adapters';
import { type Fingerprint, LakehaulError, lineageOf, must, type TablePlan } from '@lakehaul/core';
import { planTable } from '@lakehaul/planner';
import { type Sandbox, startSandbox } from '@lakehaul/sandbox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabricksSql, openRedshiftSql, type SqlClient } from '../../packages/cli/src/sandbox/sql-clients.ts';
import { testDeps } from '../support/adapter-deps.ts';

let directory: string;
let clouds: Sandbox;
let redshift: SqlClient;
let databricks: SqlClient;
let ports: Clouds;
let target: Target;
let plan: TablePlan;
let load: LoadRequest;
let staged: { rowCount: string; source: Fingerprint };

const TABLE = '`main`.`shop`.`orders`';
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: unknown) => (error instanceof LakehaulError ? error.code : String(error)),
  );

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'lakehaul-target-'));
  clouds = await startSandbox({ directory: join(directory, 'clouds') });
  writeFileSync(join(directory, 'ca.pem'), clouds.endpoints.databricks.caPem);
  redshift = openRedshiftSql(clouds);
  databricks = await openDatabricksSql(clouds);
  ports = await openPorts(clouds.credentials.token);
  target = ports.target;
  await redshift.run('CREATE SCHEMA shop');
  await redshift.run(`CREATE TABLE shop.orders (id BIGINT NOT NULL, placed TIMESTAMP, price DECIMAL(20,2), note VARCHAR(40),
ratio DOUBLE PRECISION) COMPOUND SORTKEY(id)`);
  await redshift.run(`INSERT INTO shop.orders VALUES (9007199254740993, '2024-01-01 00:00:00.000001', 1.10, 'a ', 0.1),
(2, '0001-01-01 00:00:00', NULL, '', CAST('NaN' AS DOUBLE PRECISION)), (3, NULL, -0.01, NULL, CAST('1e-300' AS DOUBLE PRECISION)), (4, NULL, 1, 'x', NULL)`);
  plan = await planOrders();
  await stage('a1-s1');
});

afterAll(async () => {
  await ports?.close();
  await databricks?.[Symbol.asyncDispose]();
  await redshift?.[Symbol.asyncDispose]();
  await clouds?.stop();
  rmSync(directory, { recursive: true, force: true });
});

function openPorts(token: string): Promise<Clouds> {
  const { databricks: warehouse, s3 } = clouds.endpoints;
  const region = 'us-east-1';
  const { accessKeyId, secretAccessKey } = clouds.credentials;
  return openClouds(
    {
      source: {
        kind: 'provisioned',
        clusterIdentifier: 'sandbox',
        region,
        database: 'dev',
        dbUser: 'lakehaul',
        unloadRoleArn: 'arn:aws:iam::000000000000:role/lakehaul-unload',
        endpoint: clouds.endpoints.redshift,
      },
      staging: { bucket: 'lakehaul-staging', prefix: 'staging', region, endpoint: s3 },
      ledger: { bucket: 'lakehaul-ledger', prefix: 'ledger', region, endpoint: s3 },
      target: {
        host: warehouse.host,
        port: warehouse.port,
        httpPath: warehouse.httpPath,
        catalog: 'main',
        auth: { kind: 'token', token: { reveal: () => token } },
        caFile: join(directory, 'ca.pem'),
      },
      statements: { bytes: 100_000, perBatch: 40, sourceTimeoutMs: 60_000, targetTimeoutMs: 60_000 },
    },
    { ...testDeps(), credentials: { accessKeyId, secretAccessKey } },
  );
}

async function planOrders(): Promise<TablePlan> {
  const { tables } = await ports.source.discover();
  const planned = await planTable(ports.source, {
    migration: 'contract',
    catalog: 'main',
    table: must(
      tables.find((table) => table.name.table === 'orders'),
      'orders',
    ),
    settings: {
      key: null,
      cutLine: null,
      chunkBytes: 1_000_000n,
      level: 'full',
      sampleEvery: 1,
      acknowledge: [],
      priority: 0,
      target: null,
      super: 'string',
    },
    generation: 1,
    firstChunk: 0,
    from: null,
    watermark: null,
    plannedAt: new Date(0).toISOString(),
  });
  expect(planned.refusals).toEqual([]);
  return planned.plan;
}

/** Unloads the whole table as chunk 7 and keeps what a load of it needs. */
async function stage(submission: string): Promise<void> {
  const prefix = `staging/contract/aa/${plan.tableId}/g1/7/${submission}/data/`;
  const request: UnloadRequest = {
    plan,
    predicate: { parts: [], cutLine: null },
    hashForm: plan.hashForm,
    level: 'full',
    dataUrl: ports.stage.url(prefix),
    statementName: `lakehaul-contract-${submission}`,
    clientToken: submission,
    buckets: null,
  };
  const { statementId } = await ports.source.submitUnload(request);
  const ended = await ports.source.awaitStatement(statementId, AbortSignal.timeout(30_000));
  expect([ended.status, ended.error]).toEqual(['finished', null]);
  const answer = await ports.source.readUnloadAnswer(statementId, request);
  expect(answer.columnListHash).toBe(plan.source.columnListHash);
  const manifest = must(await ports.stage.readManifest(prefix), 'manifest');
  staged = { rowCount: manifest.rowCount, source: must(answer.fingerprints[0], 'fingerprint').fingerprint };
  expect(answer.counts[0]?.rowCount).toBe(manifest.rowCount);
  load = {
    plan,
    hashForm: plan.hashForm,
    chunk: 7,
    attempt: 1,
    dataUrl: request.dataUrl,
    fileNames: manifest.files.map((file) => file.key.slice(prefix.length)),
    statementTag: `contract/${plan.tableId}/g1/c7/a1/s2`,
    statementTimeoutMs: 60_000,
    sendBeforeMs: Number.POSITIVE_INFINITY,
    startBeforeMs: Date.now() + 3_600_000,
  };
}

describe('source', () => {
  it('finds a batch by its exact name, and the same token starts nothing twice', async () => {
    const found = await ports.source.findStatement('lakehaul-contract-a1-s1');
    expect(found?.status).toBe('finished');
    expect(found?.queryIds.length).toBeGreaterThan(0);
    expect(await ports.source.findStatement('lakehaul-contract-a1-s')).toBeNull();
  });

  it('recomputes the fingerprint in a scan of its own', async () => {
    expect(await ports.source.fingerprint(plan, { parts: [], cutLine: null }, plan.hashForm)).toEqual(staged.source);
  });
});

describe('target', () => {
  it('creates the table and describes it', async () => {
    expect(await target.describe(plan.target)).toBeNull();
    await target.prepare(target.renderPrepare(plan, null));
    await target.prepare(target.renderPrepare(plan, null));
    const state = must(await target.describe(plan.target), 'state');
    expect(state.columns).toEqual([
      { name: '_lakehaul', typeText: 'bigint', nullable: true },
      { name: 'id', typeText: 'bigint', nullable: false },
      { name: 'placed', typeText: 'timestamp_ntz', nullable: true },
      { name: 'price', typeText: 'decimal(20,2)', nullable: true },
      { name: 'note', typeText: 'string', nullable: true },
      { name: 'ratio', typeText: 'double', nullable: true },
    ]);
    expect(state.properties['lakehaul.migration']).toBe('contract');
    expect(state.hasRowFilterOrMask).toBe(false);
    expect(target.renderPrepare(plan, state)).toEqual([]);
  });

  it('sends no load whose time to be sent is over, whoever asks', async () => {
    const late = { ...load, statementTag: `contract/${plan.tableId}/g1/c7/a1/s1`, sendBeforeMs: Date.now() - 1 };
    for (const send of [target.copy(late), target.replace({ ...late, attempt: 2 }), target.deleteChunk(late)])
      await expect(send).rejects.toMatchObject({
        code: 'UNREACHABLE',
        message: expect.stringMatching(/nothing was sent/),
      });
    expect(await target.findStatements(late.statementTag, Date.now() - 60_000)).toEqual([]);
    expect(await target.lineageCounts(plan.target, await target.version(plan.target))).toEqual([]);
  });

  it('lets no COPY begin too late', async () => {
    const late = { ...load, statementTag: `contract/${plan.tableId}/g1/c7/a1/s9`, startBeforeMs: Date.now() - 1 };
    await expect(target.copy(late)).rejects.toMatchObject({ code: 'THROTTLED' });
    expect(await target.lineageCounts(plan.target, await target.version(plan.target))).toEqual([]);
  });

  it('copies exactly the files once, and finds the statement by its tag', async () => {
    const sinceMs = Date.now() - 60_000;
    const answer = await target.copy(load);
    expect(answer.insertedRows).toBe(staged.rowCount);
    expect((await target.copy(load)).insertedRows).toBeNull();
    const found = await target.findStatements(load.statementTag, sinceMs);
    expect(found.map((each) => each.status)).toEqual(['finished', 'finished']);
    expect(found.map((each) => each.statementId)).toContain(answer.statementId);
    expect(await target.findStatements(`${load.statementTag}0`, sinceMs)).toEqual([]);
  });

  it('proves the chunk: three fingerprints agree, one lineage value', async () => {
    const version = await target.version(plan.target);
    const carried = await target.carriedFingerprint(load);
    const recomputed = await target.fingerprint({ ...load, version });
    expect(carried).toEqual(staged.source);
    expect(recomputed).toEqual(staged.source);
    const lineages = [{ lineage: lineageOf(7, 1), rowCount: '4' }];
    expect(await target.countLineages(plan, 7, version)).toEqual(lineages);
    expect(await target.lineageCounts(plan.target, version)).toEqual(lineages);
    expect(await target.countLineages(plan, 8, version)).toEqual([]);
  });

  it('names a changed, a missing, an extra and a doubled row', async () => {
    await databricks.run(`UPDATE ${TABLE} SET price = 1.11 WHERE id = 9007199254740993`);
    await databricks.run(`DELETE FROM ${TABLE} WHERE id = 2`);
    await databricks.run(
      `INSERT INTO ${TABLE} (_lakehaul, id, note) VALUES (${lineageOf(7, 1)}, 99, 'new'), (${lineageOf(7, 1)}, 4, 'x')`,
    );
    await databricks.run(`UPDATE ${TABLE} SET price = 1 WHERE id = 4`);
    const version = await target.version(plan.target);
    const report = await target.differences({ ...load, version, limit: 10 });
    expect([report.changedRows, report.missingRows, report.extraRows, report.isTruncated]).toEqual([
      '1',
      '1',
      '2',
      false,
    ]);
    const named = report.rows.map((row) => `${row.kind} ${row.key['id']}`).sort();
    expect(named).toEqual(['changed 9007199254740993', 'doubled 4', 'extra 99', 'missing 2']);
    const changed = must(
      report.rows.find((row) => row.kind === 'changed'),
      'changed row',
    );
    expect(changed.columns).toEqual([{ name: 'price', source: '1.10', target: '1.11' }]);
  });

  it('replaces the chunk by a later attempt, and deletes it by one without rows', async () => {
    const before = await target.version(plan.target);
    const second = { ...load, attempt: 2, statementTag: `contract/${plan.tableId}/g1/c7/a2/s1` };
    expect((await target.replace(second)).insertedRows).toBe('4');
    const version = await target.version(plan.target);
    expect(await target.countLineages(plan, 7, version)).toEqual([{ lineage: lineageOf(7, 2), rowCount: '4' }]);
    expect(await target.fingerprint({ ...second, version })).toEqual(staged.source);
    const [commit] = await target.history(plan.target, before);
    expect(commit?.version).toBe(version);
    expect(commit?.parameters['predicate']).toContain('_lakehaul');
    await target.deleteChunk({ ...second, attempt: 3, statementTag: `contract/${plan.tableId}/g1/c7/a3/s1` });
    expect(await target.lineageCounts(plan.target, await target.version(plan.target))).toEqual([]);
  });
});

describe('trouble', () => {
  it('says that the answer of a write was lost, and sends it once', async () => {
    const tag = `contract/${plan.tableId}/g1/c8/a1/s1`;
    clouds.faults.set([
      { point: 'databricks.ExecuteStatement', nth: 1, match: 'REPLACE', happens: { kind: 'answer-lost' } },
    ]);
    const request = { ...load, chunk: 8, attempt: 2, statementTag: tag };
    expect(await codeOf(target.replace(request))).toBe('ANSWER_LOST');
    clouds.faults.set([]);
    const version = await target.version(plan.target);
    expect(await target.countLineages(plan, 8, version)).toEqual([{ lineage: lineageOf(8, 2), rowCount: '4' }]);
    expect(await target.findStatements(tag, Date.now() - 60_000)).toHaveLength(1);
  });

  it('sends a write once, also when the warehouse has forgotten its session', async () => {
    const tagOf = (submission: number) => `contract/${plan.tableId}/g1/c9/a2/s${submission}`;
    const replace = (submission: number) =>
      target.replace({ ...load, chunk: 9, attempt: 2, statementTag: tagOf(submission) });
    const sent = async (submission: number) =>
      (await target.findStatements(tagOf(submission), Date.now() - 60_000)).length;
    // Two at once, so that two sessions are idle afterwards.
    await Promise.all([replace(1), target.replace({ ...load, chunk: 10, attempt: 2, statementTag: tagOf(0) })]);
    await databricks[Symbol.asyncDispose]();
    await clouds.setWarehouse('STOPPED');
    await clouds.setWarehouse('RUNNING');
    databricks = await openDatabricksSql(clouds);
    expect(await codeOf(replace(2))).toBe('ANSWER_LOST');
    expect(await sent(2)).toBe(0);
    // All dead sessions were dropped: the next submission opens one of its own.
    expect((await replace(3)).insertedRows).toBe('4');
    expect(await sent(3)).toBe(1);
  });

  it('repeats a read whose connection was cut, in a session of its own', async () => {
    clouds.faults.set([
      { point: 'databricks.ExecuteStatement', nth: 1, match: 'DESCRIBE HISTORY', happens: { kind: 'answer-lost' } },
      { point: 'databricks.OpenSession', nth: 1, happens: { kind: 'cut-before' } },
    ]);
    expect(Number(await target.version(plan.target))).toBeGreaterThan(0);
    clouds.faults.set([]);
  });

  it('names wrong credentials, a missing table and a missing file', async () => {
    const stranger = await openPorts('dapi-wrong');
    expect(await codeOf(stranger.target.check())).toBe('CREDENTIALS_REJECTED');
    expect(await codeOf(stranger.target.version(plan.target))).toBe('CREDENTIALS_REJECTED');
    await stranger.close();
    expect(await codeOf(target.version({ ...plan.target, table: 'nothing' }))).toBe('TARGET_STATEMENT_FAILED');
    expect(await codeOf(target.copy({ ...load, fileNames: ['gone.parquet'] }))).toBe('STAGE_MISMATCH');
  });

  it('is backpressure when the source has too many active statements', async () => {
    clouds.faults.set([
      {
        point: 'redshift.BatchExecuteStatement',
        nth: 0,
        happens: { kind: 'error', code: 'ActiveStatementsExceededException' },
      },
    ]);
    const error = await ports.source.check().catch((thrown: unknown) => thrown);
    clouds.faults.set([]);
    expect(error).toMatchObject({ code: 'THROTTLED', disposition: 'backpressure' });
  });

  it('ends a wait by its signal and leaves the statement alone', async () => {
    const delayed = 'redshift.unload';
    clouds.faults.set([{ point: delayed, nth: 1, happens: { kind: 'delay', until: 'released' } }]);
    const before = load;
    const staging = stage('a1-s9');
    // Only what is held already is let go by release().
    await eventually(async () => clouds.faults.hits[0] ?? null);
    const found = must(await ports.source.findStatement('lakehaul-contract-a1-s9'), 'statement');
    const abort = new AbortController();
    const waiting = ports.source.awaitStatement(found.statementId, abort.signal);
    abort.abort(new Error('drain'));
    await expect(waiting).rejects.toThrow('drain');
    expect((await ports.source.findStatement('lakehaul-contract-a1-s9'))?.status).toBe('running');
    clouds.faults.release();
    await staging;
    load = before;
  });

  it('tells the user of the warehouse', async () => {
    const facts = await target.check();
    expect(facts.user).not.toBe('');
    expect(facts.version).toContain('RUNNING');
  });

  it('lets no load begin whose time to begin is over, by the warehouse’s own clock: it fails, or takes nothing away', async () => {
    // In no order: the engine groups on two threads.
    const counts = async () =>
      (await target.lineageCounts(plan.target, await target.version(plan.target))).sort((a, b) =>
        a.lineage < b.lineage ? -1 : 1,
      );
    const before = await counts();
    expect(before).not.toEqual([]);
    const late = { ...load, statementTag: `contract/${plan.tableId}/g1/c7/a1/s9`, startBeforeMs: Date.now() - 1 };
    await expect(target.replace({ ...late, attempt: 2 })).rejects.toMatchObject({
      code: 'THROTTLED',
      message: expect.stringMatching(/TOO_LATE/),
    });
    await target.deleteChunk(late);
    expect(await counts()).toEqual(before);
  });
});

async function eventually<T>(ask: () => Promise<T | null>): Promise<T> {
  for (let tries = 0; tries < 50; tries++) {
    const found = await ask();
    if (found !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('it never came');
}
