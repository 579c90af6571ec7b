import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failure, openDatabricks, run, type Session } from './databricks-fixture.ts';
import { startDatabricks } from './server.ts';

const COUNTS = (n: number) => ({ num_affected_rows: n, num_inserted_rows: n, num_skipped_corrupt_files: 0 });

describe('COPY INTO', () => {
  let local: Awaited<ReturnType<typeof openDatabricks>>;
  let session: Session;
  let table = '';
  let number = 0;

  beforeAll(async () => {
    local = await openDatabricks();
    session = await (await local.connect()).openSession({ initialSchema: 'default' });
  });
  afterAll(() => local[Symbol.asyncDispose]());

  async function newTable(): Promise<string> {
    number += 1;
    table = `t${number}`;
    await run(
      session,
      `CREATE TABLE ${table} (\`_lakehaul\` BIGINT, id BIGINT NOT NULL, at TIMESTAMP_NTZ, bytes BINARY, note STRING)
       TBLPROPERTIES ('delta.columnMapping.mode' = 'name')`,
    );
    return `p${number}`;
  }

  const copy = (prefix: string, files: string, lineage = 65537, options = '') =>
    `/* lakehaul:${table} */ COPY INTO ${table} FROM (
       SELECT CAST(${lineage} AS BIGINT) AS \`_lakehaul\`, c1 AS id, CAST(timestamp_micros(c2) AS TIMESTAMP_NTZ) AS at,
         unhex(c3) AS bytes, c4 AS note FROM 's3://stage/${prefix}/')
     FILEFORMAT = PARQUET FILES = (${files}) ${options}`;

  const stageRows = (key: string, from: number, to: number) =>
    local.stage(
      key,
      `SELECT range AS c1, range * 1000003 AS c2, 'ff' || lpad(range::VARCHAR, 6, '0') AS c3,
      CASE WHEN range % 3 = 0 THEN NULL ELSE 'n' || range END AS c4, range AS h1, range AS h2 FROM range(${from}, ${to})`,
    );

  const total = async () => (await run(session, `SELECT count(*) AS n, sum(id) AS s FROM ${table}`)).rows[0];

  it('loads exactly the named files through the SELECT', async () => {
    const prefix = await newTable();
    await stageRows(`${prefix}/a.parquet`, 0, 1000);
    await stageRows(`${prefix}/b.parquet`, 1000, 1500);
    const first = await run(session, copy(prefix, `'a.parquet'`));
    expect(first).toMatchObject({ rows: [COUNTS(1000)], modifiedRows: 1000 });
    expect(await total()).toEqual({ n: 1000, s: 499500 });
    const { rows } = await run(
      session,
      `SELECT lower(hex(bytes)) AS x, unix_micros(CAST(at AS TIMESTAMP)) AS u FROM ${table} WHERE id = 7`,
    );
    expect(rows).toEqual([{ x: 'ff000007', u: 7000021 }]);
  });

  it('skips a file that it knows, even if the file has changed', async () => {
    const prefix = await newTable();
    await stageRows(`${prefix}/a.parquet`, 0, 10);
    await run(session, copy(prefix, `'a.parquet'`));
    await stageRows(`${prefix}/a.parquet`, 100, 200);
    await stageRows(`${prefix}/b.parquet`, 10, 20);
    expect((await run(session, copy(prefix, `'a.parquet', 'b.parquet'`))).rows).toEqual([COUNTS(10)]);
    expect(await total()).toEqual({ n: 20, s: 190 });
    await run(session, `DELETE FROM ${table}`);
    expect((await run(session, copy(prefix, `'a.parquet'`))).rows).toEqual([COUNTS(0)]);
    const forced = copy(prefix, `'a.parquet'`, 1, `COPY_OPTIONS ('force' = 'true')`);
    expect((await run(session, forced)).rows).toEqual([COUNTS(100)]);
  });

  it('never adds the same file twice when two COPYs race', async () => {
    const prefix = await newTable();
    await stageRows(`${prefix}/a.parquet`, 0, 10);
    local.faults.set([
      { point: 'databricks.copy.commit', match: table, nth: 1, happens: { kind: 'delay', until: 'released' } },
    ]);
    const late = failure(await (await local.connect()).openSession(), copy(prefix, `'a.parquet'`));
    while (local.faults.hits.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await run(session, copy(prefix, `'a.parquet'`));
    local.faults.release();
    expect(await late).toMatchObject({
      sqlState: '25000',
      message: expect.stringContaining('COPY_INTO_DUPLICATED_FILES'),
    });
    expect(await total()).toEqual({ n: 10, s: 45 });
  });

  it('commits late, after a REPLACE WHERE of the same range: the zombie that the fence is for', async () => {
    const prefix = await newTable();
    await stageRows(`${prefix}/a.parquet`, 0, 10);
    local.faults.set([
      { point: 'databricks.copy.commit', match: table, nth: 1, happens: { kind: 'delay', until: 'released' } },
    ]);
    const late = run(await (await local.connect()).openSession(), copy(prefix, `'a.parquet'`, 65537));
    while (local.faults.hits.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const replaced = await run(
      session,
      `INSERT INTO ${table} REPLACE WHERE \`_lakehaul\` BETWEEN 65536 AND 131071
       SELECT CAST(65538 AS BIGINT), c1, CAST(timestamp_micros(c2) AS TIMESTAMP_NTZ), unhex(c3), c4
       FROM read_files('s3://stage/${prefix}/', format => 'parquet', fileNamePattern => '*.parquet')`,
    );
    expect(replaced.modifiedRows).toBe(10);
    local.faults.release();
    expect((await late).rows).toEqual([COUNTS(10)]);
    const seal = await run(session, `SELECT \`_lakehaul\` AS l, count(*) AS n FROM ${table} GROUP BY 1 ORDER BY 1`);
    expect(seal.rows).toEqual([
      { l: 65537, n: 10 },
      { l: 65538, n: 10 },
    ]);
  });

  it('fails with its SQLSTATE and adds nothing', async () => {
    const prefix = await newTable();
    await stageRows(`${prefix}/a.parquet`, 0, 10);
    await local.stage(`${prefix}/null.parquet`, `SELECT NULL::BIGINT AS c1, 0::BIGINT AS c2, 'ff' AS c3, 'x' AS c4`);
    const cases: [string, string][] = [
      [copy(prefix, `'missing.parquet'`), '42K03'],
      [copy(prefix, `'null.parquet'`), '23502'],
      [copy(prefix, `'a.parquet'`).replace('c4 AS note', 'c4 AS other'), '42KDG'],
      [copy(prefix, `'a.parquet'`).replace('c1 AS id', 'c4 AS id'), '42KDG'],
      [copy('nothing', `'a.parquet'`).replace(/FILES = .*/, ''), '42KD9'],
    ];
    for (const [statement, sqlState] of cases) expect(await failure(session, statement)).toMatchObject({ sqlState });
    expect(await total()).toMatchObject({ n: 0 });
    // What failed has not been remembered as loaded.
    expect((await run(session, copy(prefix, `'a.parquet'`))).rows).toEqual([COUNTS(10)]);
  });

  it('remembers what it loaded across a restart', async () => {
    const prefix = await newTable();
    await stageRows(`${prefix}/a.parquet`, 0, 10);
    await run(session, copy(prefix, `'a.parquet'`));
    const { engine, objects, faults } = local;
    const again = await startDatabricks({ engine, objects, faults, credentials: { token: 'other' } });
    try {
      const client = await local.connect('other', again);
      const restarted = await client.openSession({ initialSchema: 'default' });
      expect((await run(restarted, copy(prefix, `'a.parquet'`))).rows).toEqual([COUNTS(0)]);
      expect((await run(restarted, `SELECT count(*) AS n FROM ${table}`)).rows).toEqual([{ n: 10 }]);
      await client.close();
    } finally {
      await again.stop();
    }
  });

  it('takes no more than 1,000 names, and forgets what it loaded only with the table', async () => {
    const prefix = await newTable();
    const names = Array.from({ length: 1001 }, (_, index) => `'${index}.parquet'`).join(', ');
    expect((await failure(session, copy(prefix, names))).message).toContain('1000');
    await stageRows(`${prefix}/a.parquet`, 0, 10);
    await run(session, copy(prefix, `'a.parquet'`));
    await run(session, `TRUNCATE TABLE ${table}`);
    expect((await run(session, copy(prefix, `'a.parquet'`))).rows).toEqual([COUNTS(0)]);
    const created = String((await run(session, `SHOW CREATE TABLE ${table}`)).rows[0]?.['createtab_stmt']);
    await run(session, `DROP TABLE ${table}`);
    await run(session, created.replace(/,\s*'delta.columnMapping.maxColumnId' = '\d+'/, ''));
    expect((await run(session, copy(prefix, `'a.parquet'`))).rows).toEqual([COUNTS(10)]);
  });
});

describe('what is not confirmed about the real warehouses is a switch', () => {
  it('lets the second of two racing COPYs end with 0 rows; row filters and masks show', async () => {
    await using local = await openDatabricks({
      racingCopy: 'zero-rows',
      rowFilters: { 'main.default.t': 'main.default.only_mine' },
      columnMasks: { 'main.default.t': { a: 'main.default.hide' } },
    });
    const session = await (await local.connect()).openSession();
    await run(session, 'CREATE TABLE t (a BIGINT)');
    await local.stage('x/a.parquet', 'SELECT 1::BIGINT AS a');
    const copy = `COPY INTO t FROM 's3://stage/x/' FILEFORMAT = PARQUET`;
    local.faults.set([{ point: 'databricks.copy.commit', nth: 1, happens: { kind: 'delay', until: 'released' } }]);
    const late = run(await (await local.connect()).openSession(), copy);
    while (local.faults.hits.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await run(session, copy);
    local.faults.release();
    expect((await late).rows).toEqual([COUNTS(0)]);
    const described = await run(session, 'DESCRIBE TABLE EXTENDED t');
    const names = described.rows.map((row) => row['col_name']);
    expect(names).toEqual(expect.arrayContaining(['# Row Filter', '# Column Masks']));
  });
});
