import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failure, openDatabricks, run, type Session } from '../databricks/databricks-fixture.ts';

type Local = Awaited<ReturnType<typeof openDatabricks>>;

interface LogLine {
  add?: { path: string; stats: string; size: number };
  remove?: { path: string };
  metaData?: { schemaString: string };
  commitInfo?: { operation: string; isBlindAppend: boolean };
}

/** A reader of its own: the log replayed from its JSON, the active files read by DuckDB under their physical names. */
async function readIndependently(local: Local, session: Session, table: string, orderBy: string) {
  const detail = (await run(session, `DESCRIBE DETAIL ${table}`)).rows[0] as { location: string };
  const prefix = `${detail.location.replace('s3://lakehaul-warehouse/', '')}/`;
  const files = new Map<string, NonNullable<LogLine['add']>>();
  let schema: { fields: { name: string; metadata: Record<string, unknown> }[] } = { fields: [] };
  const commits = local.objects.list('lakehaul-warehouse', `${prefix}_delta_log/0`);
  for (const { key } of commits.filter((object) => object.key.endsWith('.json'))) {
    const body = (await local.objects.read('lakehaul-warehouse', key)) ?? new Uint8Array();
    for (const line of Buffer.from(body).toString('utf8').trim().split('\n')) {
      const action = JSON.parse(line) as LogLine;
      if (action.remove) files.delete(action.remove.path);
      if (action.add) files.set(action.add.path, action.add);
      if (action.metaData) schema = JSON.parse(action.metaData.schemaString);
    }
  }
  const paths = [...files.keys()].map((path) => local.objects.pathOf('lakehaul-warehouse', prefix + path));
  const items = schema.fields.map(
    ({ name, metadata }) =>
      `"${metadata['delta.columnMapping.physicalName'] ?? name}" AS "${name.replaceAll('"', '""')}"`,
  );
  const lease = await local.engine.acquire();
  try {
    const list = paths.map((path) => `'${path}'`).join(', ');
    const sql = `SELECT ${items.join(', ')} FROM read_parquet([${list}], union_by_name = true) ORDER BY ${orderBy}`;
    const reader = await lease.connection.runAndReadAll(sql);
    return { rows: reader.getRowObjectsJson(), files: [...files.values()], schema, prefix };
  } finally {
    lease.release();
  }
}

describe('Delta tables', () => {
  let local: Local;
  let session: Session;

  beforeAll(async () => {
    local = await openDatabricks();
    session = await (await local.connect()).openSession({ initialSchema: 'default' });
  });
  afterAll(() => local[Symbol.asyncDispose]());

  const mapped = `TBLPROPERTIES ('delta.columnMapping.mode' = 'name')`;

  it('are the same to a reader that knows nothing of us, whatever the columns are called', async () => {
    await run(session, `CREATE SCHEMA \`sch ema;"ü"\``);
    const table = `\`sch ema;"ü"\`.\`ta ble''s\``;
    await run(
      session,
      `CREATE TABLE ${table} (\`id\` BIGINT, \`a "q"; b\` STRING, \`Größe '1'\` DECIMAL(10,2), \`x,(y)\` DATE) ${mapped}`,
    );
    await run(
      session,
      `INSERT INTO ${table} VALUES (1, 'a', 1.25, DATE '2020-01-01'), (9223372036854775807, '😀', -3, NULL)`,
    );
    await run(session, `UPDATE ${table} SET \`a "q"; b\` = 'changed' WHERE id = 1`);
    const { rows, schema } = await readIndependently(local, session, table, '1');
    expect(rows).toEqual([
      { id: '1', 'a "q"; b': 'changed', "Größe '1'": '1.25', 'x,(y)': '2020-01-01' },
      { id: '9223372036854775807', 'a "q"; b': '😀', "Größe '1'": '-3.00', 'x,(y)': null },
    ]);
    expect(
      schema.fields.every((field) => String(field.metadata['delta.columnMapping.physicalName']).startsWith('col-')),
    ).toBe(true);
  });

  it('evolve: added, renamed and dropped columns need no file written again', async () => {
    await run(session, `CREATE TABLE evolving (a INT, b STRING) ${mapped}`);
    await run(session, `INSERT INTO evolving VALUES (1, 'x')`);
    await run(session, 'ALTER TABLE evolving ADD COLUMN c BIGINT FIRST');
    await run(session, 'ALTER TABLE evolving RENAME COLUMN b TO `new b`');
    await run(session, `INSERT INTO evolving VALUES (7, 2, 'y')`);
    expect((await run(session, 'SELECT * FROM evolving ORDER BY a')).rows).toEqual([
      { c: null, a: 1, 'new b': 'x' },
      { c: 7, a: 2, 'new b': 'y' },
    ]);
    await run(session, 'ALTER TABLE evolving DROP COLUMN c');
    await run(session, 'ALTER TABLE evolving ADD COLUMN c BIGINT');
    expect((await run(session, 'SELECT * FROM evolving ORDER BY a')).rows).toEqual([
      { a: 1, 'new b': 'x', c: null },
      { a: 2, 'new b': 'y', c: null },
    ]);
    await expect(failure(session, 'ALTER TABLE evolving DROP COLUMN nothing')).resolves.toMatchObject({
      sqlState: '42703',
    });
  });

  it('keep NOT NULL, and say so', async () => {
    await run(session, 'CREATE TABLE strict (a INT NOT NULL, b INT)');
    expect(await failure(session, 'INSERT INTO strict (b) VALUES (1)')).toMatchObject({ sqlState: '23502' });
    await run(session, 'INSERT INTO strict VALUES (1, NULL)');
    expect(await failure(session, 'UPDATE strict SET a = NULL')).toMatchObject({ sqlState: '23502' });
    expect(await failure(session, 'ALTER TABLE strict ALTER COLUMN b SET NOT NULL')).toMatchObject({
      sqlState: '23502',
    });
    await run(session, 'ALTER TABLE strict ALTER COLUMN a DROP NOT NULL');
    await run(session, 'INSERT INTO strict VALUES (NULL, 2)');
    expect((await run(session, 'SELECT count(*) AS n FROM strict')).rows).toEqual([{ n: 2 }]);
  });

  it('replace exactly a range, delete with an empty source, and refuse rows outside', async () => {
    await run(session, `CREATE TABLE ranged (\`_lakehaul\` BIGINT, v INT) ${mapped}`);
    await run(session, 'INSERT INTO ranged VALUES (65537, 1), (65537, 2), (131073, 3), (NULL, 4)');
    const replace = (rows: string) =>
      `INSERT INTO ranged REPLACE WHERE \`_lakehaul\` BETWEEN 65536 AND 131071 SELECT * FROM ${rows}`;
    expect((await run(session, replace('(VALUES (65538, 9))'))).rows).toEqual([
      { num_affected_rows: 1, num_inserted_rows: 1 },
    ]);
    expect(await failure(session, replace('(VALUES (131072, 9))'))).toMatchObject({
      sqlState: '44000',
      message: expect.stringContaining('DELTA_REPLACE_WHERE_MISMATCH'),
    });
    expect(await failure(session, replace('(VALUES (CAST(NULL AS BIGINT), 9))'))).toMatchObject({ sqlState: '44000' });
    await run(session, replace('(VALUES (65538, 9)) WHERE false'));
    expect((await run(session, 'SELECT v FROM ranged ORDER BY v')).rows).toEqual([{ v: 3 }, { v: 4 }]);
  });

  it('travel in time', async () => {
    await run(session, 'CREATE TABLE travelled (a INT)');
    await run(session, 'INSERT INTO travelled VALUES (1)');
    await run(session, 'INSERT INTO travelled VALUES (2)');
    await run(session, 'DELETE FROM travelled WHERE a = 1');
    const at = async (version: number) =>
      (await run(session, `SELECT a FROM travelled VERSION AS OF ${version} ORDER BY a`)).rows.map((row) => row['a']);
    expect([await at(0), await at(1), await at(2), await at(3)]).toEqual([[], [1], [1, 2], [2]]);
    expect(await failure(session, 'SELECT * FROM travelled VERSION AS OF 4')).toMatchObject({ sqlState: '22003' });
    const { rows } = await run(session, 'DESCRIBE HISTORY travelled LIMIT 2');
    expect(rows.map((row) => [row['version'], row['operation'], row['isBlindAppend']])).toEqual([
      [3, 'DELETE', false],
      [2, 'WRITE', true],
    ]);
    expect(rows[0]).toMatchObject({ operationMetrics: { numDeletedRows: '1' } });
  });

  it('conflict as WriteSerializable says: appends never, overlapping rewrites and metadata changes always', async () => {
    const others = await (await local.connect()).openSession({ initialSchema: 'default' });
    const race = async (slow: string, fast: string): Promise<string> => {
      await run(session, 'CREATE OR REPLACE TABLE raced (a INT, b INT)');
      await run(session, 'INSERT INTO raced VALUES (1, 1)');
      await run(session, 'INSERT INTO raced VALUES (2, 2)');
      local.faults.set([
        { point: 'databricks.commit', match: '/* slow */', nth: 1, happens: { kind: 'delay', until: 'released' } },
      ]);
      const outcome = run(others, `/* slow */ ${slow}`).then(
        () => 'committed',
        (error: Error) => /\[([A-Z_]+)/.exec(error.message)?.[1] ?? error.message,
      );
      while (local.faults.hits.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      await run(session, fast);
      local.faults.release();
      return outcome;
    };
    const update = 'UPDATE raced SET b = 5 WHERE a = 1';
    expect(await race('INSERT INTO raced VALUES (3, 3)', update)).toBe('committed');
    expect(await race(update, 'INSERT INTO raced VALUES (1, 7)')).toBe('committed');
    expect(await race(update, 'UPDATE raced SET b = 6 WHERE a = 2')).toBe('committed');
    expect(await race(update, 'DELETE FROM raced WHERE a = 1')).toBe('DELTA_CONCURRENT_DELETE_DELETE');
    expect(await race(update, 'INSERT INTO raced REPLACE WHERE a = 2 VALUES (2, 8)')).toBe('committed');
    expect(await race('DELETE FROM raced WHERE a >= 2', 'INSERT INTO raced REPLACE WHERE a = 3 VALUES (3, 8)')).toBe(
      'DELTA_CONCURRENT_APPEND',
    );
    expect(await race('INSERT INTO raced VALUES (3, 3)', 'ALTER TABLE raced ADD COLUMN c INT')).toBe(
      'DELTA_METADATA_CHANGED',
    );
  });

  it('skip files by the statistics of the log, and write checkpoints', async () => {
    await run(session, 'CREATE TABLE many (`_lakehaul` BIGINT, v BIGINT)');
    for (let chunk = 1; chunk <= 52; chunk += 1)
      await run(session, `INSERT INTO many VALUES (${chunk * 65536 + 1}, ${chunk}), (${chunk * 65536 + 1}, NULL)`);
    const { files, prefix } = await readIndependently(local, session, 'many', '1');
    expect(files.map((file) => JSON.parse(file.stats))[4]).toEqual({
      numRecords: 2,
      minValues: { _lakehaul: 327681, v: 5 },
      maxValues: { _lakehaul: 327681, v: 5 },
      nullCount: { _lakehaul: 0, v: 1 },
    });
    const { rows } = await run(session, 'EXPLAIN SELECT sum(v) AS s FROM many WHERE `_lakehaul` = 327681');
    expect(String(rows[0]?.['plan'])).toContain('Files read of many: 1 of 52');
    expect((await run(session, 'SELECT sum(v) AS s FROM many WHERE `_lakehaul` = 327681')).rows).toEqual([{ s: 5 }]);
    const checkpoint = local.objects.pathOf(
      'lakehaul-warehouse',
      `${prefix}_delta_log/${'50'.padStart(20, '0')}.checkpoint.parquet`,
    );
    const lease = await local.engine.acquire();
    const counted = await lease.connection.runAndReadAll(
      `SELECT count(add.path), count(protocol.minReaderVersion), count(metaData.id) FROM read_parquet('${checkpoint}')`,
    );
    lease.release();
    expect(counted.getRowsJson()).toEqual([['50', '1', '1']]);
  });

  it('hold VARIANT, tell their columns in information_schema and their properties', async () => {
    await run(session, `CREATE TABLE told (\`_lakehaul\` BIGINT, v VARIANT, n DECIMAL(20,4) NOT NULL) ${mapped}`);
    await run(session, `INSERT INTO told SELECT 1, parse_json('{"b":[1,null,"x"],"a":1.5}'), 2`);
    const { rows } = await run(session, 'SELECT v FROM told');
    expect(JSON.parse(String(rows[0]?.['v']))).toEqual({ a: 1.5, b: [1, null, 'x'] });
    const columns = await run(
      session,
      `SELECT column_name AS n, is_nullable AS y, full_data_type AS t FROM main.information_schema.columns
       WHERE table_name = 'told' ORDER BY ordinal_position`,
    );
    expect(columns.rows.map((row) => Object.values(row))).toEqual([
      ['_lakehaul', 'YES', 'bigint'],
      ['v', 'YES', 'variant'],
      ['n', 'NO', 'decimal(20,4)'],
    ]);
    await run(
      session,
      `ALTER TABLE told SET TBLPROPERTIES ('delta.dataSkippingStatsColumns' = 'n', 'lakehaul.migration' = 'm')`,
    );
    await run(session, 'INSERT INTO told VALUES (2, NULL, 3)');
    const { files } = await readIndependently(local, session, 'told', 'n');
    expect(Object.values(JSON.parse(files[1]?.stats ?? '{}').nullCount)).toEqual([0]);
    const properties = await run(session, `SHOW TBLPROPERTIES told ('lakehaul.migration')`);
    expect(properties.rows).toEqual([{ key: 'lakehaul.migration', value: 'm' }]);
    await run(session, `ALTER TABLE told UNSET TBLPROPERTIES ('lakehaul.migration')`);
    expect(await failure(session, `ALTER TABLE told SET TBLPROPERTIES ('delta.nonsense' = '1')`)).toMatchObject({
      sqlState: 'F0000',
    });
  });

  it('keep a VARIANT as its two binaries, a JSON null beside NULL, and neither compare nor convert it', async () => {
    await run(session, `CREATE TABLE docs (id INT, v VARIANT) ${mapped}`);
    const values = ['{"b": 1.50, "a": [1e400]}', 'null', '{"b": 1.50, "a": [12345678901234567890, null]}'];
    expect(await failure(session, `INSERT INTO docs SELECT 0, parse_json('${values[0]}')`)).toMatchObject({
      sqlState: '0A000',
    });
    expect(await failure(session, `INSERT INTO docs SELECT 0, parse_json('{"a":1,"a":1}')`)).toMatchObject({
      sqlState: '22023',
      message: expect.stringContaining('[VARIANT_DUPLICATE_KEY]'),
    });
    await run(session, `INSERT INTO docs SELECT 1, parse_json('${values[1]}')`);
    await run(session, `INSERT INTO docs SELECT 2, parse_json('${values[2]}')`);
    await run(session, 'INSERT INTO docs VALUES (3, NULL)');
    await run(session, `UPDATE docs SET v = parse_json('"\\\\u00e9\\\\n"') WHERE id = 1 AND v IS NOT NULL`);
    await run(session, `INSERT INTO docs SELECT 4, parse_json('null')`);
    const texts = [
      { id: 1, t: '"é\\n"', isNull: false },
      { id: 2, t: '{"a":[12345678901234567890,null],"b":1.5}', isNull: false },
      { id: 3, t: null, isNull: true },
      { id: 4, t: 'null', isNull: false },
    ];
    const query = 'SELECT id, to_json(v) AS t, v IS NULL AS isNull FROM docs ORDER BY id';
    expect((await run(session, query)).rows).toEqual(texts);
    await run(session, 'OPTIMIZE docs');
    expect((await run(session, query)).rows).toEqual(texts);
    expect((await run(session, 'SELECT v FROM docs ORDER BY id')).rows.map((row) => row['v'])).toEqual([
      '"é\\n"',
      '{"a":[12345678901234567890,null],"b":1.5}',
      null,
      'null',
    ]);
    const { files, prefix } = await readIndependently(local, session, 'docs', '1');
    const paths = files.map((file) => local.objects.pathOf('lakehaul-warehouse', prefix + file.path));
    const lease = await local.engine.acquire();
    const schema = await lease.connection.runAndReadAll(
      `SELECT name, type FROM parquet_schema('${paths[0]}') WHERE name IN ('metadata', 'value') ORDER BY 1`,
    );
    lease.release();
    expect(schema.getRowsJson()).toEqual([
      ['metadata', 'BYTE_ARRAY'],
      ['value', 'BYTE_ARRAY'],
    ]);
    for (const refused of ['v = v', 'CAST(v AS STRING) IS NULL', "v = parse_json('1')"])
      expect(await failure(session, `SELECT id FROM docs WHERE ${refused}`)).toMatchObject({ sqlState: '0A000' });
    expect(await failure(session, 'SELECT v, count(*) FROM docs GROUP BY v')).toMatchObject({ sqlState: '0A000' });
  });

  it('compact without changing a row, and are gone after DROP', async () => {
    await run(session, 'CREATE TABLE small (a INT) CLUSTER BY (a)');
    for (const value of [3, 1, 2]) await run(session, `INSERT INTO small VALUES (${value})`);
    await run(session, 'OPTIMIZE small');
    const { rows, files } = await readIndependently(local, session, 'small', '1');
    expect([rows, files.length]).toEqual([[{ a: 1 }, { a: 2 }, { a: 3 }], 1]);
    await run(session, 'DROP TABLE small');
    expect(await failure(session, 'SELECT * FROM small')).toMatchObject({ sqlState: '42P01' });
  });
});
