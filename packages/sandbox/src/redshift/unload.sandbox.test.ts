import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startTestRedshift, type TestRedshift } from './test-redshift.ts';

const ROLE = `IAM_ROLE 'arn:aws:iam::1:role/unload'`;
const PARQUET = `${ROLE} FORMAT PARQUET MANIFEST VERBOSE`;

function unloadSql(query: string, prefix: string, options = PARQUET): string {
  return `UNLOAD ('${query.replaceAll("'", "''")}') TO 's3://stage/${prefix}' ${options}`;
}

interface ManifestFile {
  entries: { url: string; meta: { content_length: number; record_count: number } }[];
  schema: { elements: { name: string; type: { base: string } }[] };
  meta: { content_length: number; record_count: number };
}

async function manifestAt(redshift: TestRedshift, prefix: string): Promise<ManifestFile | null> {
  const body = await redshift.objects.read('stage', `${prefix}manifest`);
  return body === null ? null : (JSON.parse(Buffer.from(body).toString()) as ManifestFile);
}

const keys = (redshift: TestRedshift, prefix: string): string[] =>
  redshift.objects.list('stage', prefix).map((object) => object.key);

/** Reads unloaded files with DuckDB alone. */
async function countDifferences(
  redshift: TestRedshift,
  table: string,
  columns: readonly string[],
  prefix: string,
): Promise<string> {
  const paths = keys(redshift, prefix)
    .filter((key) => key.includes('.parquet'))
    .map((key) => `'${redshift.objects.pathOf('stage', key)}'`);
  const { connection, release } = await redshift.engine.acquire();
  try {
    const list = columns.map((column) => `"${column}"`).join(', ');
    const files = `SELECT ${list} FROM read_parquet([${paths.join(', ')}])`;
    const rows = `SELECT ${list} FROM rs.public.${table}`;
    const result = await connection.runAndReadAll(
      `SELECT (SELECT count(*) FROM (${files} EXCEPT ALL ${rows})) + (SELECT count(*) FROM (${rows} EXCEPT ALL ${files}))`,
    );
    return String(result.getRows()[0]?.[0]);
  } finally {
    release();
  }
}

const EVENT_COLUMNS = 'id at note amount ratio big ok day doc code'.split(' ');
const EVENTS = `CREATE TABLE events (id BIGINT, at TIMESTAMP, note VARCHAR(40), amount DECIMAL(18,2), ratio REAL, big DOUBLE PRECISION, ok BOOLEAN, day DATE, doc SUPER, code CHAR(4))`;

async function loadEvents(redshift: TestRedshift, rowCount: number): Promise<void> {
  const lines = Array.from({ length: rowCount }, (_, n) =>
    JSON.stringify({
      id: n,
      at: `2024-01-01 00:00:${String(n % 60).padStart(2, '0')}.${String(n).padStart(6, '0').slice(-6)}`,
      note: n % 7 === 0 ? null : `note ${n} ä `,
      amount: n / 100,
      ratio: n / 3,
      big: n * 1e300,
      ok: n % 2 === 0,
      day: '2024-02-29',
      doc: { n, list: [1, 'x'] },
      code: 'ab',
    }),
  );
  const file = join(redshift.directory, 'events.ndjson');
  await writeFile(file, lines.join('\n'));
  await redshift.server.loadFiles({ schema: 'public', table: 'events', files: [file], ddl: EVENTS });
}

describe('UNLOAD', () => {
  it('writes files and a verbose manifest that hold exactly the table', async () => {
    await using redshift = await startTestRedshift();
    await loadEvents(redshift, 5000);
    await redshift.batch([
      `SET query_group TO 'haul'`,
      'SELECT count(*) FROM events',
      unloadSql('SELECT * FROM events', 'a/data/'),
    ]);
    const manifest = await manifestAt(redshift, 'a/data/');
    expect(manifest?.meta.record_count).toBe(5000);
    expect(manifest?.entries[0]?.url).toBe('s3://stage/a/data/0000_part_00.parquet');
    expect(manifest?.schema.elements.map((element) => element.name)).toEqual(EVENT_COLUMNS);
    const listed = redshift.objects.list('stage', 'a/data/').filter((object) => object.key.endsWith('.parquet'));
    expect(listed.map((object) => object.sizeBytes)).toEqual(
      manifest?.entries.map((entry) => entry.meta.content_length),
    );
    expect(await countDifferences(redshift, 'events', EVENT_COLUMNS, 'a/data/')).toBe('0');
    const history = await redshift.query('SELECT status, unloaded_rows, unloaded_location FROM sys_unload_history');
    expect(history).toEqual([['completed', '5000', 's3://stage/a/data/']]);
  });

  it('writes only the rows of the predicate, and nothing or an empty manifest for none', async () => {
    await using redshift = await startTestRedshift();
    await loadEvents(redshift, 100);
    await redshift.batch([unloadSql(`SELECT id FROM events WHERE note = 'note 1 ä'`, 'one/')]);
    expect((await manifestAt(redshift, 'one/'))?.meta.record_count).toBe(1);
    await redshift.batch([unloadSql('SELECT id FROM events WHERE id < 0', 'none/')]);
    expect(keys(redshift, 'none/')).toEqual([]);
    redshift.server.switches.zeroRowUnload = 'empty-manifest';
    await redshift.batch([unloadSql('SELECT id FROM events WHERE id < 0', 'none/')]);
    expect(await manifestAt(redshift, 'none/')).toMatchObject({ entries: [], meta: { record_count: 0 } });
  });

  it('makes a folder for each value of the partition column, NULL included, and leaves the column out', async () => {
    await using redshift = await startTestRedshift();
    await loadEvents(redshift, 50);
    const query = 'SELECT id, CASE WHEN id < 10 THEN NULL ELSE CAST(id % 2 AS INTEGER) END AS bucket FROM events';
    await redshift.batch([unloadSql(query, 'p/', `${PARQUET} PARTITION BY (bucket)`)]);
    const manifest = await manifestAt(redshift, 'p/');
    const counts = new Map(manifest?.entries.map((entry) => [entry.url.split('/')[4], entry.meta.record_count]));
    expect(Object.fromEntries(counts)).toEqual({
      'bucket=0': 20,
      'bucket=1': 20,
      'bucket=__HIVE_DEFAULT_PARTITION__': 10,
    });
    expect(manifest?.schema.elements.map((element) => element.name)).toEqual(['id']);
  });

  it.each([
    ['TIME', 'time without time zone'],
    ['TIMETZ', 'time with time zone'],
    ['VARBYTE(10)', 'varbyte'],
    ['GEOMETRY', 'geometry'],
    ['GEOGRAPHY', 'geography'],
    ['HLLSKETCH', 'hllsketch'],
  ])('refuses %s in Parquet', async (type, words) => {
    await using redshift = await startTestRedshift();
    await redshift.query(`CREATE TABLE odd (id INTEGER, x ${type})`);
    expect(await redshift.failure(unloadSql('SELECT * FROM odd', 'odd/'))).toContain(
      `UNLOAD ${words} column "x" is only supported for TEXT/CSV`,
    );
    expect(keys(redshift, 'odd/')).toEqual([]);
  });

  it('refuses a used prefix, a missing and a denied bucket and a role that it may not assume', async () => {
    await using redshift = await startTestRedshift({
      deniedBuckets: ['secret'],
      unloadRoleArns: ['arn:aws:iam::1:role/unload'],
    });
    await redshift.objects.createBucket('secret');
    await loadEvents(redshift, 10);
    const query = 'SELECT id FROM events';
    await redshift.batch([unloadSql(query, 'used/')]);
    expect(await redshift.failure(unloadSql(query, 'used/'))).toMatch(/destination on S3 is not empty/);
    await redshift.batch([unloadSql(query, 'used/', `${PARQUET} ALLOWOVERWRITE`)]);
    await redshift.batch([unloadSql(query, 'used/', `${PARQUET} CLEANPATH`)]);
    expect((await manifestAt(redshift, 'used/'))?.meta.record_count).toBe(10);
    const to = (bucket: string) => unloadSql(query, 'x/').replace('s3://stage', `s3://${bucket}`);
    expect(await redshift.failure(to('missing'))).toMatch(/NoSuchBucket/);
    expect(await redshift.failure(to('secret'))).toMatch(/AccessDenied/);
    expect(await redshift.failure(unloadSql(query, 'x/').replace('role/unload', 'role/other'))).toMatch(
      /not authorized/,
    );
  });

  it('leaves its files behind when the batch fails later, and no manifest when it fails before that', async () => {
    await using redshift = await startTestRedshift();
    await loadEvents(redshift, 10);
    await expect(redshift.batch([unloadSql('SELECT id FROM events', 'rolled/'), 'SELECT 1/0'])).rejects.toThrow();
    expect(keys(redshift, 'rolled/')).toEqual(['rolled/0000_part_00.parquet', 'rolled/manifest']);
    redshift.faults.set([
      { point: 'redshift.unload', nth: 1, match: 'manifest', happens: { kind: 'error', code: 'S3ServiceException' } },
    ]);
    expect(await redshift.failure(unloadSql('SELECT id FROM events', 'half/'))).toContain('S3ServiceException');
    expect(keys(redshift, 'half/')).toEqual(['half/0000_part_00.parquet']);
  });
});
