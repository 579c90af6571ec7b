import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { startTestRedshift } from './test-redshift.ts';

const TORTURE = `CREATE TABLE sales.torture (
  a SMALLINT NOT NULL, b INTEGER, c BIGINT DISTKEY, d DECIMAL(38,10), e REAL, f DOUBLE PRECISION, g BOOLEAN, h CHAR(8),
  i VARCHAR(300) ENCODE zstd, j DATE, k TIMESTAMP, l TIMESTAMPTZ, m TIME, n TIMETZ, o VARBYTE(16), p SUPER, q GEOMETRY,
  r GEOGRAPHY, s HLLSKETCH, PRIMARY KEY (a)) COMPOUND SORTKEY (k, c)`;

describe('the catalogue', () => {
  it('keeps Redshift types, keys and encodings', async () => {
    await using redshift = await startTestRedshift();
    await redshift.batch(['CREATE SCHEMA sales', TORTURE]);
    const rows = await redshift.query(
      `SELECT column_name, data_type, is_nullable, encoding, distkey, sortkey FROM svv_redshift_columns WHERE schema_name = 'sales' ORDER BY ordinal_position`,
    );
    expect(rows.map((row) => row.slice(0, 2).join(' '))).toEqual([
      'a smallint',
      'b integer',
      'c bigint',
      'd numeric(38,10)',
      'e real',
      'f double precision',
      'g boolean',
      'h character(8)',
      'i character varying(300)',
      'j date',
      'k timestamp without time zone',
      'l timestamp with time zone',
      'm time without time zone',
      'n time with time zone',
      'o binary varying(16)',
      'p super',
      'q geometry',
      'r geography',
      's hllsketch',
    ]);
    expect(rows[0]?.slice(2)).toEqual(['NO', 'az64', 'false', '0']);
    expect(rows[2]?.slice(2)).toEqual(['YES', 'none', 'true', '2']);
    expect(rows[10]?.slice(2)).toEqual(['YES', 'none', 'false', '1']);
  });

  it('prints the same types by format_type over pg_attribute', async () => {
    await using redshift = await startTestRedshift();
    await redshift.batch(['CREATE SCHEMA sales', TORTURE]);
    const types = await redshift.query(
      `SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_class c
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
       WHERE n.nspname = 'sales' AND c.relname = 'torture' AND a.attnum > 0 ORDER BY a.attnum`,
    );
    const columns = await redshift.query(
      `SELECT column_name, data_type FROM svv_redshift_columns WHERE table_name = 'torture' ORDER BY ordinal_position`,
    );
    expect(types).toEqual(columns);
  });

  it('has no row in SVV_TABLE_INFO for an empty table, and rows and size for others', async () => {
    await using redshift = await startTestRedshift();
    await redshift.query('CREATE TABLE t (n INTEGER SORTKEY)');
    const info = `SELECT "schema", "table", tbl_rows, size, sortkey1, sortkey_num, estimated_visible_rows FROM svv_table_info`;
    expect(await redshift.query(info)).toEqual([]);
    await redshift.query('INSERT INTO t VALUES (1), (2)');
    expect(await redshift.query(info)).toEqual([['public', 't', '2.00', '1', 'n', '1', '2.00']]);
  });

  it('shows views, policies, masks, external tables and procedures', async () => {
    await using redshift = await startTestRedshift();
    await redshift.batch([
      'CREATE TABLE t (n INTEGER, s VARCHAR(9))',
      'CREATE VIEW v AS SELECT n FROM t WHERE n > 1',
      'CREATE RLS POLICY own WITH (n INTEGER) USING (n = 1)',
      'ATTACH RLS POLICY own ON t TO PUBLIC',
      'ALTER TABLE t ROW LEVEL SECURITY ON',
      "CREATE EXTERNAL SCHEMA lake FROM DATA CATALOG DATABASE 'x' IAM_ROLE default",
      `CREATE EXTERNAL TABLE lake.old (n INTEGER, d DECIMAL(9,2)) STORED AS PARQUET LOCATION 's3://lake/old/'`,
      'GRANT SELECT, INSERT ON t TO ROLE readers',
      'REVOKE INSERT ON TABLE t FROM ROLE readers',
      'CREATE PROCEDURE tidy() AS $$ BEGIN END; $$ LANGUAGE plpgsql',
    ]);
    expect(await redshift.query('SELECT relname, is_rls_on FROM svv_rls_relation')).toEqual([['t', 'true']]);
    expect(await redshift.query('SELECT polname, grantee FROM svv_rls_attached_policy')).toEqual([['own', 'public']]);
    expect(await redshift.query('SELECT tablename, location FROM svv_external_tables')).toEqual([
      ['old', 's3://lake/old/'],
    ]);
    expect(
      await redshift.query(
        'SELECT relation_name, privilege_type, identity_name, identity_type FROM svv_relation_privileges',
      ),
    ).toEqual([['t', 'SELECT', 'readers', 'role']]);
    expect(await redshift.query('SELECT proname, prokind FROM pg_proc_info')).toEqual([['tidy', 'p']]);
    expect(await redshift.query('SELECT viewname, definition FROM pg_views')).toEqual([
      ['v', 'SELECT n FROM t WHERE n > 1'],
    ]);
    await redshift.query('INSERT INTO t VALUES (1), (2), (3)');
    expect(await redshift.query('SELECT n FROM v ORDER BY n')).toEqual([['2'], ['3']]);
    await redshift.batch([
      'CREATE MASKING POLICY m WITH (s VARCHAR(9)) USING (NULL)',
      'ATTACH MASKING POLICY m ON t(s) TO PUBLIC',
    ]);
    expect(
      await redshift.query('SELECT policy_name, table_name, input_columns FROM svv_attached_masking_policy'),
    ).toEqual([['m', 't', '["s"]']]);
    expect(await redshift.failure('SELECT * FROM t')).toMatch(/masking policy/);
    expect(await redshift.failure('SELECT * FROM lake.old')).toMatch(/external table/);
  });

  it('enforces lengths in bytes, cuts blanks only, and changes tables', async () => {
    await using redshift = await startTestRedshift();
    await redshift.batch(['CREATE TABLE t (s VARCHAR(4), c CHAR(3))', `INSERT INTO t VALUES ('ab      ', 'x  ')`]);
    expect(await redshift.query(`SELECT '[' || s || ']', c = 'x' FROM t`)).toEqual([['[ab  ]', 'true']]);
    expect(await redshift.failure(`INSERT INTO t (s) VALUES ('äää')`)).toMatch(/Value too long for character type/);
    await redshift.query('ALTER TABLE t ADD COLUMN n INTEGER DEFAULT 7');
    await redshift.query(`UPDATE t SET n = n + 1 WHERE s = 'ab'`);
    expect(await redshift.query('SELECT n FROM t')).toEqual([['8']]);
    await redshift.query('ALTER TABLE t RENAME COLUMN n TO m');
    await redshift.query('ALTER TABLE t RENAME TO u');
    await redshift.query('DELETE FROM u WHERE m = 8');
    expect(await redshift.query('SELECT count(m) FROM u')).toEqual([['0']]);
    await redshift.query('DROP TABLE u');
    expect(await redshift.failure('SELECT * FROM u')).toMatch(/relation "u" does not exist/);
  });

  it('fills defaults where an INSERT names or gives fewer columns, and refuses more', async () => {
    await using redshift = await startTestRedshift();
    await redshift.batch([
      "CREATE TABLE t (a INTEGER, b VARCHAR(10) DEFAULT 'none', c INTEGER DEFAULT 3)",
      'INSERT INTO t VALUES (1)',
      'INSERT INTO t (c, a) SELECT 5, a + 1 FROM t',
    ]);
    expect(await redshift.query('SELECT a, b, c FROM t ORDER BY a')).toEqual([
      ['1', 'none', '3'],
      ['2', 'none', '5'],
    ]);
    expect(await redshift.failure("INSERT INTO t VALUES (1, 'x', 2, 3)")).toMatch(/INSERT has/);
    await redshift.query('CREATE TABLE u SORTKEY (a) AS SELECT a, b FROM t WHERE a > 1');
    expect(await redshift.query('SELECT * FROM u')).toEqual([['2', 'none']]);
  });

  it('loads compressed NDJSON and CSV into tables that it infers', async () => {
    await using redshift = await startTestRedshift();
    const json = join(redshift.directory, 'a.ndjson.gz');
    await writeFile(
      json,
      gzipSync('{"Id":1,"who":{"x":[1]},"t":"2024-01-01 00:00:00"}\n{"Id":2,"who":null,"t":null}\n'),
    );
    expect(await redshift.server.loadFiles({ schema: 'raw', table: 'a', files: [json] })).toEqual({ rowCount: 2 });
    expect(await redshift.query('SELECT id, json_serialize(who), t FROM raw.a ORDER BY id')).toEqual([
      ['1', '{"x":[1]}', '2024-01-01 00:00:00'],
      ['2', null, null],
    ]);
    const csv = join(redshift.directory, 'b.csv');
    await writeFile(csv, 'n,s\n1,x\n2,y\n');
    await redshift.server.loadFiles({ schema: 'raw', table: 'b', files: [csv] });
    const types = await redshift.query(
      `SELECT column_name, data_type FROM svv_redshift_columns WHERE table_name = 'b' ORDER BY 1`,
    );
    expect(types).toEqual([
      ['n', 'bigint'],
      ['s', 'character varying(16)'],
    ]);
  });
});
