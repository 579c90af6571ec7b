import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failure, openDatabricks, run, type Session } from './databricks-fixture.ts';

describe('the warehouse through the driver', () => {
  let local: Awaited<ReturnType<typeof openDatabricks>>;
  let session: Session;

  beforeAll(async () => {
    local = await openDatabricks({ slots: 2, queueMax: 2 });
    session = await (await local.connect()).openSession({ initialCatalog: 'main', initialSchema: 'default' });
  });
  afterAll(() => local[Symbol.asyncDispose]());

  it('gives every type of result as the driver expects it', async () => {
    const { rows } = await run(
      session,
      `SELECT true AS b, CAST(1 AS SMALLINT) AS s, 2 AS i, CAST(9007199254740991 AS BIGINT) AS l, CAST(1.5 AS FLOAT) AS f,
        CAST(2.5 AS DOUBLE) AS d, CAST(12.25 AS DECIMAL(10,2)) AS c, 'é\\'😀' AS t, unhex('00ff') AS x,
        DATE '0001-01-01' AS dt, TIMESTAMP '2020-01-01 01:02:03.123' AS ts,
        CAST('9223372036854775807' AS STRING) AS big, CAST(NULL AS INT) AS n`,
    );
    expect(rows).toEqual([
      {
        b: true,
        s: 1,
        i: 2,
        l: 9007199254740991,
        f: 1.5,
        d: 2.5,
        c: 12.25,
        t: "é'😀",
        x: Buffer.from([0, 255]),
        dt: new Date('0001-01-01T00:00:00Z'),
        ts: new Date('2020-01-01T01:02:03.123Z'),
        big: '9223372036854775807',
        n: null,
      },
    ]);
  });

  it('fails with the error class and SQLSTATE, and refuses settings that a warehouse refuses', async () => {
    expect(await failure(session, 'SELECT * FROM nowhere')).toMatchObject({ sqlState: '42P01' });
    expect(await failure(session, 'SELECT (1')).toMatchObject({ sqlState: '42601' });
    expect(await failure(session, 'SET spark.sql.shuffle.partitions = 7')).toMatchObject({ sqlState: '42K0I' });
    expect((await run(session, 'SET STATEMENT_TIMEOUT = 600')).rows).toEqual([
      { key: 'STATEMENT_TIMEOUT', value: '600' },
    ]);
  });

  it('rejects a wrong token', async () => {
    const client = await local.connect('wrong');
    await expect(client.openSession()).rejects.toMatchObject({ statusCode: 401 });
  });

  it('stopped: cancels what runs, forgets sessions, refuses statements by 503 until it is started', async () => {
    const client = await local.connect();
    const busy = await client.openSession({ initialCatalog: 'main', initialSchema: 'default' });
    await run(busy, 'CREATE TABLE stopped (a INT)');
    local.faults.set([{ point: 'databricks.insert.commit', nth: 1, happens: { kind: 'delay', until: 'released' } }]);
    const insert = failure(busy, 'INSERT INTO stopped VALUES (1)');
    while (local.faults.hits.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await local.server.setState('STOPPED');
    expect((await insert).message).not.toBe('');
    const early = await client.openSession({ initialCatalog: 'main', initialSchema: 'default' });
    await expect(run(early, 'SELECT 1')).rejects.toMatchObject({ statusCode: 503 });
    await local.server.setState('RUNNING');
    local.faults.set([]);
    await expect(run(busy, 'SELECT 1')).rejects.toThrow(/session handle/i);
    const late = await client.openSession({ initialCatalog: 'main', initialSchema: 'default' });
    expect((await run(late, 'SELECT CAST(count(*) AS INT) AS n FROM stopped')).rows).toEqual([{ n: 0 }]);
    session = await (await local.connect()).openSession({ initialCatalog: 'main', initialSchema: 'default' });
  });

  it('goes on with a statement whose client was killed, and the history tells how it ended', async () => {
    await run(session, 'CREATE TABLE gone (a INT)');
    local.faults.set([{ point: 'databricks.insert.commit', nth: 1, happens: { kind: 'delay', until: 'released' } }]);
    const { host, port, httpPath: path, token, caPem: customCaCert } = local.server;
    const options = JSON.stringify({ host, port, path, token, customCaCert, telemetryEnabled: false });
    const script = `const { DBSQLClient } = require('@databricks/sql');
      const client = new DBSQLClient({ logger: { log() {} } });
      client.connect(${options}).then(() => client.openSession())
        .then((session) => session.executeStatement('/* lakehaul:tag-1 */ INSERT INTO gone VALUES (1)'));`;
    const child = spawn(process.execPath, ['-e', script], { cwd: import.meta.dirname, stdio: 'ignore' });
    const exited = once(child, 'exit');
    await until(() => local.faults.hits.length === 1);
    child.kill('SIGKILL');
    await exited;
    expect(await history('RUNNING')).toHaveLength(1);
    local.faults.release();
    await until(async () => (await history('FINISHED')).length === 1);
    expect((await run(session, 'SELECT count(*) AS n FROM gone')).rows).toEqual([{ n: 1 }]);
  });

  it('cancels: the statement commits nothing, and is terminal only when that is sure', async () => {
    await run(session, 'CREATE TABLE cancelled (a INT)');
    local.faults.set([{ point: 'databricks.insert.commit', nth: 1, happens: { kind: 'delay', until: 'released' } }]);
    const operation = await session.executeStatement('INSERT INTO cancelled VALUES (1)', { maxRows: null });
    await until(() => local.faults.hits.length === 1);
    await operation.cancel();
    await expect(operation.finished()).rejects.toMatchObject({ errorCode: 'CANCELED' });
    local.faults.release();
    expect((await run(session, 'SELECT count(*) AS n FROM cancelled')).rows).toEqual([{ n: 0 }]);
  });

  it('kills a statement at the STATEMENT_TIMEOUT of its session', async () => {
    await run(session, 'CREATE TABLE slow (a INT)');
    const client = await local.connect();
    const hasty = await client.openSession({ configuration: { STATEMENT_TIMEOUT: '1' } });
    local.faults.set([{ point: 'databricks.insert.commit', nth: 1, happens: { kind: 'delay', until: 'released' } }]);
    await expect(run(hasty, 'INSERT INTO slow VALUES (1)')).rejects.toMatchObject({ errorCode: 'TIMEOUT' });
    local.faults.release();
    expect((await run(session, 'SELECT count(*) AS n FROM slow')).rows).toEqual([{ n: 0 }]);
  });

  it('runs as many at once as it has slots, queues as many as it may, and refuses the rest', async () => {
    await run(session, 'CREATE TABLE queued (a INT)');
    local.faults.set([{ point: 'databricks.insert.commit', nth: 0, happens: { kind: 'delay', until: 'released' } }]);
    const inserts = [1, 2, 3, 4].map((n) =>
      session.executeStatement(`/* queue */ INSERT INTO queued VALUES (${n})`, { maxRows: null }),
    );
    const operations = await Promise.all(inserts);
    await until(async () => (await history('RUNNING')).length === 2);
    expect(await history('QUEUED')).toHaveLength(2);
    await expect(session.executeStatement('SELECT 1')).rejects.toMatchObject({ name: 'Status Error' });
    local.faults.set([]);
    local.faults.release();
    await Promise.all(operations.map((operation) => operation.finished()));
    expect((await run(session, 'SELECT count(*) AS n FROM queued')).rows).toEqual([{ n: 4 }]);
  });

  it('cuts a connection, loses an answer and answers an injected status', async () => {
    await run(session, 'CREATE TABLE lossy (a INT)');
    local.faults.set([
      { point: 'databricks.ExecuteStatement', match: '/* 1 */', nth: 1, happens: { kind: 'cut-before' } },
      { point: 'databricks.ExecuteStatement', match: '/* 2 */', nth: 1, happens: { kind: 'answer-lost' } },
      {
        point: 'databricks.ExecuteStatement',
        match: '/* 3 */',
        nth: 1,
        happens: { kind: 'error', code: 'X', status: 503 },
      },
    ]);
    for (const n of [1, 2, 3])
      await expect(run(session, `/* ${n} */ INSERT INTO lossy VALUES (${n})`)).rejects.toThrow();
    expect((await run(session, 'SELECT a FROM lossy')).rows).toEqual([{ a: 2 }]);
  });

  it('has its history in pages, newest first', async () => {
    const first = await rest('/api/2.0/sql/history/queries?max_results=2&include_metrics=true');
    expect(first['res']).toHaveLength(2);
    const second = await rest(`/api/2.0/sql/history/queries?max_results=2&page_token=${first['next_page_token']}`);
    const ids = [first, second].flatMap((page) =>
      (page['res'] as { query_id: string }[]).map((query) => query.query_id),
    );
    expect(new Set(ids).size).toBe(4);
  });

  it('runs a statement by REST with an OAuth token', async () => {
    const basic = `Basic ${Buffer.from('machine:secret').toString('base64')}`;
    const form = 'grant_type=client_credentials&scope=all-apis';
    const { access_token: token } = await rest('/oidc/v1/token', { method: 'POST', authorization: basic, body: form });
    const body = JSON.stringify({ statement: 'SELECT 1 AS a', warehouse_id: local.server.warehouseId });
    const answer = await rest('/api/2.0/sql/statements', { method: 'POST', authorization: `Bearer ${token}`, body });
    expect(answer).toMatchObject({ status: { state: 'SUCCEEDED' }, result: { data_array: [['1']] } });
  });

  async function rest(
    path: string,
    call: { method?: string; authorization?: string; body?: string } = {},
  ): Promise<Record<string, unknown>> {
    const { request } = await import('node:https');
    const { host, port, caPem, token } = local.server;
    const headers = { authorization: call.authorization ?? `Bearer ${token}` };
    return new Promise((resolve, reject) => {
      const sent = request({ host, port, path, ca: caPem, method: call.method ?? 'GET', headers }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => resolve(JSON.parse(Buffer.concat(parts).toString('utf8'))));
      });
      sent.on('error', reject);
      sent.end(call.body);
    });
  }

  async function history(status: string): Promise<unknown[]> {
    const page = await rest(`/api/2.0/sql/history/queries?filter_by.statuses=${status}`);
    const found = page['res'] as { query_text: string }[];
    return found.filter((query) => /lakehaul:tag-1|\/\* queue \*\//.test(query.query_text));
  }
});

/** Looks again until it is true; the test's own time-out ends it otherwise. */
async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 10));
}
