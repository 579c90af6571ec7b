import {
  BatchExecuteStatementCommand,
  CancelStatementCommand,
  DescribeStatementCommand,
  DescribeTableCommand,
  ExecuteStatementCommand,
  GetStatementResultCommand,
  GetStatementResultV2Command,
  ListSchemasCommand,
  ListStatementsCommand,
  ListTablesCommand,
  RedshiftDataClient,
} from '@aws-sdk/client-redshift-data';
import { describe, expect, it } from 'vitest';
import { KEY, startTestRedshift, TARGET } from './test-redshift.ts';

describe('the protocol', () => {
  it('answers typed fields, and BIGINT with digits that the SDK then loses', async () => {
    await using redshift = await startTestRedshift();
    const { Id } = await redshift.client.send(
      new ExecuteStatementCommand({
        ...TARGET,
        WaitTimeSeconds: 30,
        Sql: `SELECT CAST(1 AS SMALLINT) a, CAST(2 AS INTEGER) b, CAST(9007199254740993 AS BIGINT) c, CAST(1.50 AS DECIMAL(10,2)) d,
          CAST(0.1 AS DOUBLE PRECISION) e, CAST(0.5 AS REAL) f, true g, DATE '2024-02-29' h, TIMESTAMP '2024-02-29 12:00:00.5' i, CAST('x' AS VARCHAR(5)) j, CAST(NULL AS INTEGER) k`,
      }),
    );
    const result = await redshift.client.send(new GetStatementResultCommand({ Id }));
    expect(result.Records).toEqual([
      [
        { longValue: 1 },
        { longValue: 2 },
        { longValue: 9007199254740992 },
        { stringValue: '1.50' },
        { doubleValue: 0.1 },
        { doubleValue: 0.5 },
        { booleanValue: true },
        { stringValue: '2024-02-29' },
        { stringValue: '2024-02-29 12:00:00.5' },
        { stringValue: 'x' },
        { isNull: true },
      ],
    ]);
    expect(result.ColumnMetadata?.map((column) => column.typeName)).toEqual(
      'int2 int4 int8 numeric float8 float4 bool date timestamp varchar int4'.split(' '),
    );
    expect(result.TotalNumRows).toBe(1);
  });

  it('pages results and keeps their number', async () => {
    await using redshift = await startTestRedshift({ resultPageRows: 7 });
    await redshift.query('CREATE TABLE numbers (n INTEGER)');
    await redshift.query(`INSERT INTO numbers VALUES ${Array.from({ length: 40 }, (_, n) => `(${n})`).join(', ')}`);
    const rows = await redshift.query('SELECT n FROM numbers ORDER BY n');
    expect(rows.map(([n]) => Number(n))).toEqual(Array.from({ length: 40 }, (_, n) => n));
  });

  it('gives CSV by GetStatementResultV2 when asked for', async () => {
    await using redshift = await startTestRedshift();
    const { Id } = await redshift.client.send(
      new ExecuteStatementCommand({
        ...TARGET,
        Sql: `SELECT 1 AS a, 'x,"y"' AS b`,
        ResultFormat: 'CSV',
        WaitTimeSeconds: 30,
      }),
    );
    const result = await redshift.client.send(new GetStatementResultV2Command({ Id }));
    expect(result.Records?.[0]?.CSVRecords).toBe('a,b\r\n1,"x,""y"""\r\n');
    await expect(redshift.client.send(new GetStatementResultCommand({ Id }))).rejects.toThrow(/CSV format/);
  });

  it('rejects an unknown key, a wrong secret, an unknown cluster and a bad id', async () => {
    await using redshift = await startTestRedshift();
    const as = (credentials: typeof KEY) =>
      new RedshiftDataClient({ endpoint: redshift.server.url, region: 'eu-central-1', credentials });
    const command = () => new ListStatementsCommand({});
    await expect(as({ ...KEY, accessKeyId: 'AKIDOTHER' }).send(command())).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
    });
    await expect(as({ ...KEY, secretAccessKey: 'wrong' }).send(command())).rejects.toMatchObject({
      name: 'InvalidSignatureException',
    });
    const elsewhere = new ExecuteStatementCommand({ ...TARGET, ClusterIdentifier: 'other', Sql: 'SELECT 1' });
    await expect(redshift.client.send(elsewhere)).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(redshift.client.send(new DescribeStatementCommand({ Id: 'x' }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
    const unknown = new DescribeStatementCommand({ Id: '00000000-0000-0000-0000-000000000000' });
    await expect(redshift.client.send(unknown)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('fails a statement, not the call, for a missing database', async () => {
    await using redshift = await startTestRedshift();
    const { Id } = await redshift.client.send(
      new ExecuteStatementCommand({ ...TARGET, Database: 'nowhere', Sql: 'SELECT 1', WaitTimeSeconds: 30 }),
    );
    const described = await redshift.client.send(new DescribeStatementCommand({ Id }));
    expect(described).toMatchObject({ Status: 'FAILED', Error: 'FATAL: database "nowhere" does not exist' });
  });

  it('refuses too long a text, too many statements, too many active ones, and calls that come too fast', async () => {
    await using redshift = await startTestRedshift({ activeStatementsMax: 0 });
    const send = (Sqls: string[]) => redshift.client.send(new BatchExecuteStatementCommand({ ...TARGET, Sqls }));
    await expect(send([`SELECT '${'x'.repeat(100_001)}'`])).rejects.toThrow(/100kB/);
    await expect(send(Array.from({ length: 41 }, () => 'SELECT 1'))).rejects.toThrow(/less than or equal to 40/);
    await expect(send(['SELECT 1'])).rejects.toMatchObject({ name: 'ActiveStatementsExceededException' });
    redshift.server.switches.callsPerSecond = { ListStatements: 1 };
    const calls = Array.from({ length: 5 }, () => redshift.client.send(new ListStatementsCommand({})));
    await expect(Promise.all(calls)).rejects.toMatchObject({ name: 'ThrottlingException' });
  });

  it('binds parameters outside of strings only', async () => {
    await using redshift = await startTestRedshift();
    const send = (Sql: string) =>
      redshift.client.send(
        new ExecuteStatementCommand({
          ...TARGET,
          Sql,
          Parameters: [{ name: 'x', value: "it's" }],
          WaitTimeSeconds: 30,
        }),
      );
    const { Id } = await send("SELECT ':x' AS a, :x AS b");
    const { Records } = await redshift.client.send(new GetStatementResultCommand({ Id }));
    expect(Records).toEqual([[{ stringValue: ':x' }, { stringValue: "it's" }]]);
    await expect(send('SELECT 1')).rejects.toThrow(/not used/);
  });

  it('lists schemas, tables and columns', async () => {
    await using redshift = await startTestRedshift();
    await redshift.batch(['CREATE SCHEMA sales', 'CREATE TABLE sales.orders (id BIGINT NOT NULL, note VARCHAR(20))']);
    const { Schemas } = await redshift.client.send(new ListSchemasCommand(TARGET));
    expect(Schemas).toEqual(['public', 'sales']);
    const { Tables } = await redshift.client.send(new ListTablesCommand({ ...TARGET, SchemaPattern: 'sa%' }));
    expect(Tables).toEqual([{ schema: 'sales', name: 'orders', type: 'TABLE' }]);
    const { ColumnList } = await redshift.client.send(
      new DescribeTableCommand({ ...TARGET, Schema: 'sales', Table: 'orders' }),
    );
    expect(ColumnList?.map(({ name, typeName, nullable, length }) => [name, typeName, nullable, length])).toEqual([
      ['id', 'int8', 0, 0],
      ['note', 'varchar', 1, 20],
    ]);
  });
});

describe('statements', () => {
  it('runs a batch on one snapshot: an insert in between is invisible', async () => {
    await using redshift = await startTestRedshift();
    await redshift.batch(['CREATE TABLE t (n INTEGER)', 'INSERT INTO t VALUES (1), (2)']);
    redshift.faults.set([
      { point: 'redshift.statement', nth: 1, match: 'SELECT 3', happens: { kind: 'delay', until: 'released' } },
    ]);
    const { Id } = await redshift.client.send(
      new BatchExecuteStatementCommand({
        ...TARGET,
        Sqls: ['SELECT count(*) FROM t', 'SELECT 3', 'SELECT count(*) FROM t'],
      }),
    );
    await expect.poll(() => redshift.faults.hits.length).toBe(1);
    await redshift.query('INSERT INTO t VALUES (3)');
    redshift.faults.release();
    const done = await redshift.client.send(new DescribeStatementCommand({ Id, WaitTimeSeconds: 30 }));
    expect(done.SubStatements?.map((sub) => sub.Status)).toEqual(['FINISHED', 'FINISHED', 'FINISHED']);
    const last = await redshift.client.send(new GetStatementResultCommand({ Id: `${Id}:3` }));
    expect(last.Records).toEqual([[{ longValue: 2 }]]);
    expect(await redshift.query('SELECT count(*) FROM t')).toEqual([['3']]);
  });

  it('undoes the whole batch at the first failure, and with AUTO_COMMIT only the failed statement', async () => {
    await using redshift = await startTestRedshift();
    await redshift.query('CREATE TABLE t (n INTEGER NOT NULL)');
    const sqls = ['INSERT INTO t VALUES (1)', 'INSERT INTO t VALUES (NULL)', 'INSERT INTO t VALUES (2)'];
    await expect(redshift.batch(sqls)).rejects.toThrow(/Cannot insert a NULL value into column n/);
    expect(await redshift.query('SELECT count(*) FROM t')).toEqual([['0']]);
    await expect(redshift.batch(sqls, { ExecutionMode: 'AUTO_COMMIT' })).rejects.toThrow(/Cannot insert a NULL/);
    expect(await redshift.query('SELECT n FROM t ORDER BY n')).toEqual([['1'], ['2']]);
  });

  it('is idempotent by client token for eight hours, whatever the body', async () => {
    await using redshift = await startTestRedshift();
    await redshift.query('CREATE TABLE t (n INTEGER)');
    const send = (Sql: string) =>
      redshift.client.send(
        new ExecuteStatementCommand({ ...TARGET, Sql, ClientToken: 'token-1', WaitTimeSeconds: 30 }),
      );
    const first = await send('INSERT INTO t VALUES (1)');
    expect((await send('INSERT INTO t VALUES (1)')).Id).toBe(first.Id);
    expect((await send('INSERT INTO t VALUES (2)')).Id).toBe(first.Id);
    redshift.server.switches.tokenWithOtherBody = 'reject';
    await expect(send('INSERT INTO t VALUES (2)')).rejects.toThrow(/client token/);
    redshift.server.switches.timeOffsetMs = 8 * 3_600_000 + 1000;
    expect((await send('INSERT INTO t VALUES (1)')).Id).not.toBe(first.Id);
    expect(await redshift.query('SELECT count(*) FROM t')).toEqual([['2']]);
  });

  it('goes on after its client is cut, and is found again by name, finished ones by default', async () => {
    await using redshift = await startTestRedshift();
    await redshift.query('CREATE TABLE t (n INTEGER)');
    redshift.faults.set([{ point: 'redshift.BatchExecuteStatement', nth: 1, happens: { kind: 'answer-lost' } }]);
    const impatient = new RedshiftDataClient({
      endpoint: redshift.server.url,
      region: 'eu-central-1',
      credentials: KEY,
      maxAttempts: 1,
    });
    const lost = impatient.send(
      new BatchExecuteStatementCommand({ ...TARGET, Sqls: ['INSERT INTO t VALUES (1)'], StatementName: 'haul-7-a1' }),
    );
    await expect(lost).rejects.toThrow();
    const list = () => redshift.client.send(new ListStatementsCommand({ StatementName: 'haul-7', Status: 'ALL' }));
    await expect.poll(async () => (await list()).Statements?.[0]?.Status).toBe('FINISHED');
    expect((await list()).Statements).toHaveLength(1);
    expect(await redshift.query('SELECT count(*) FROM t')).toEqual([['1']]);
    const finished = await redshift.client.send(new ListStatementsCommand({ StatementName: 'HAUL-7' }));
    expect(finished.Statements).toEqual([]);
  });

  it('cancels what runs and refuses to cancel what has ended', async () => {
    await using redshift = await startTestRedshift();
    await redshift.query('CREATE TABLE t (n INTEGER)');
    redshift.faults.set([{ point: 'redshift.commit', nth: 1, happens: { kind: 'delay', until: 'released' } }]);
    const { Id } = await redshift.client.send(
      new ExecuteStatementCommand({ ...TARGET, Sql: 'INSERT INTO t VALUES (1)' }),
    );
    await expect.poll(() => redshift.faults.hits.length).toBe(1);
    expect((await redshift.client.send(new CancelStatementCommand({ Id }))).Status).toBe(true);
    redshift.faults.release();
    const done = await redshift.client.send(new DescribeStatementCommand({ Id, WaitTimeSeconds: 30 }));
    expect(done.Status).toBe('ABORTED');
    expect(await redshift.query('SELECT count(*) FROM t')).toEqual([['0']]);
    await expect(redshift.client.send(new CancelStatementCommand({ Id }))).rejects.toThrow(/already in ABORTED state/);
  });

  it('keeps finished statements over a restart, aborts running ones, and forgets results after a day', async () => {
    await using redshift = await startTestRedshift({ statementKeptMs: 72 * 3_600_000 });
    await redshift.batch(['CREATE TABLE t (n INTEGER)', 'INSERT INTO t VALUES (5)']);
    const done = await redshift.batch(['SELECT n FROM t']);
    redshift.faults.set([{ point: 'redshift.commit', nth: 1, happens: { kind: 'delay', until: 'released' } }]);
    const running = await redshift.client.send(
      new ExecuteStatementCommand({ ...TARGET, Sql: 'INSERT INTO t VALUES (6)' }),
    );
    await expect.poll(() => redshift.faults.hits.length).toBe(1);
    await redshift.restart();
    const result = new GetStatementResultCommand({ Id: `${done.Id}:1` });
    expect((await redshift.client.send(result)).Records).toEqual([[{ longValue: 5 }]]);
    const aborted = await redshift.client.send(new DescribeStatementCommand({ Id: running.Id }));
    expect(aborted.Status).toBe('ABORTED');
    expect(await redshift.query('SELECT n FROM t')).toEqual([['5']]);
    redshift.server.switches.timeOffsetMs = 24 * 3_600_000 + 1000;
    await expect(redshift.client.send(result)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    expect((await redshift.client.send(new DescribeStatementCommand({ Id: done.Id }))).Status).toBe('FINISHED');
    redshift.server.switches.timeOffsetMs = 72 * 3_600_000 + 1000;
    await expect(redshift.client.send(new DescribeStatementCommand({ Id: done.Id }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  it('lets the second of two conflicting writers fail with error 1023', async () => {
    await using redshift = await startTestRedshift();
    await redshift.batch(['CREATE TABLE t (n INTEGER)', 'INSERT INTO t VALUES (1)']);
    redshift.faults.set([{ point: 'redshift.commit', nth: 1, happens: { kind: 'delay', until: 'released' } }]);
    const first = redshift.batch(['UPDATE t SET n = 2']);
    await expect.poll(() => redshift.faults.hits.length).toBe(1);
    expect(await redshift.failure('UPDATE t SET n = 3')).toMatch(/^ERROR: 1023/);
    redshift.faults.release();
    await first;
    expect(await redshift.query('SELECT n FROM t')).toEqual([['2']]);
  });

  it('stops a statement at statement_timeout', async () => {
    await using redshift = await startTestRedshift();
    await redshift.query('CREATE TABLE t (n BIGINT)');
    await redshift.query(`INSERT INTO t VALUES ${Array.from({ length: 2000 }, (_, n) => `(${n})`).join(', ')}`);
    const heavy = 'SELECT max(a.n * b.n + c.n) FROM t a CROSS JOIN t b CROSS JOIN t c';
    await expect(redshift.batch(['SET statement_timeout TO 200', heavy])).rejects.toThrow(
      /statement_timeout of 200 ms/,
    );
  });

  it('queues beyond the slots and shows label, waiting and status in SYS_QUERY_HISTORY', async () => {
    await using redshift = await startTestRedshift({ wlmSlots: 1 });
    redshift.faults.set([
      { point: 'redshift.statement', nth: 1, match: 'SELECT 41', happens: { kind: 'delay', ms: 150 } },
    ]);
    const one = redshift.batch([`SET query_group TO 'haul'`, 'SELECT 41']);
    await expect.poll(() => redshift.faults.hits.length).toBe(1);
    await redshift.batch([`SET query_group TO 'haul'`, 'SELECT 42']);
    await one;
    const rows = await redshift.query(
      `SELECT query_text, status, query_type, queue_time > 50000 FROM sys_query_history WHERE query_label = 'haul' AND query_type = 'SELECT' ORDER BY query_id`,
    );
    expect(rows).toEqual([
      ['SELECT 41', 'success', 'SELECT', 'false'],
      ['SELECT 42', 'success', 'SELECT', 'true'],
    ]);
  });
});
