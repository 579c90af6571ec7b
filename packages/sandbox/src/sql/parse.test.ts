import { describe, expect, test } from 'vitest';
import type { StatementBody } from './ast.ts';
import { conjunctsOf } from './conjuncts.ts';
import { parseDatabricks, parseExpressionText, parseRedshift } from './parse.ts';
import { referencedParameters, referencedSources } from './referenced.ts';
import { NotSupported, SqlSyntaxError } from './sql-failure.ts';

function only<K extends StatementBody['kind']>(
  kind: K,
  bodies: { body: StatementBody }[],
): Extract<StatementBody, { kind: K }> {
  expect(bodies).toHaveLength(1);
  const body = bodies[0]?.body;
  expect(body?.kind).toBe(kind);
  return body as Extract<StatementBody, { kind: K }>;
}

const redshift = <K extends StatementBody['kind']>(kind: K, sql: string) => only(kind, parseRedshift(sql));
const databricks = <K extends StatementBody['kind']>(kind: K, sql: string) => only(kind, parseDatabricks(sql));

test('statements are split at semicolons, and each keeps its leading comment and nothing of the next', () => {
  const text = `/* lakehaul:a;b */ SELECT ';' -- ;\n;; SELECT 2 /* x /* nested */ y */;`;
  expect(parseDatabricks(text).map((statement) => statement.raw)).toEqual([
    "/* lakehaul:a;b */ SELECT ';' -- ;",
    'SELECT 2 /* x /* nested */ y */',
  ]);
  expect(parseRedshift(' \n ')).toEqual([]);
});

test('Redshift folds quoted names too, unless case-sensitive identifiers are on', () => {
  const sql = 'DELETE FROM "Sales"."Orders Ü"';
  expect(redshift('delete', sql).table).toEqual(['sales', 'orders Ü']);
  expect(only('delete', parseRedshift(sql, { isCaseSensitive: true })).table).toEqual(['Sales', 'Orders Ü']);
  expect(databricks('delete', 'DELETE FROM `Sales`.`a``b`').table).toEqual(['Sales', 'a`b']);
});

describe('UNLOAD', () => {
  const unload = (options: string, query = 'select 1') =>
    `UNLOAD ('${query}') TO 's3://b/p/' IAM_ROLE 'arn' ${options}`;

  test('reads all of its options', () => {
    const sql = unload(
      "FORMAT AS PARQUET PARTITION BY (a, b) INCLUDE MANIFEST VERBOSE MAXFILESIZE AS 6.2 GB ROWGROUPSIZE 64 MB REGION AS 'eu-west-1' PARALLEL OFF CLEANPATH KMS_KEY_ID 'k' ENCRYPTED",
      "select a, b, ''it''''s'' x from t",
    );
    const { query, ...rest } = redshift('unload', sql);
    expect(query.kind).toBe('query');
    expect(rest).toMatchObject({
      queryText: "select a, b, 'it''s' x from t",
      to: 's3://b/p/',
      iamRole: 'arn',
      format: 'parquet',
      partitionBy: ['a', 'b'],
      partitionInclude: true,
      manifest: 'verbose',
      maxFileSizeBytes: Math.floor(6.2 * 1024 ** 3),
      rowGroupSizeBytes: 64 * 1024 ** 2,
      region: 'eu-west-1',
      parallel: false,
      cleanPath: true,
      encrypted: 'yes',
      kmsKeyId: 'k',
    });
  });

  test.each([
    ['FORMAT PARQUET GZIP', 'compression of Parquet'],
    ["FORMAT PARQUET DELIMITER '|'", 'delimiter'],
    ['ALLOWOVERWRITE CLEANPATH', 'exclude each other'],
    ['FORMAT PARQUET ENCRYPTED', 'KMS'],
    ['MANIFEST MANIFEST', 'twice'],
  ])('%s is an error', (options) => {
    expect(() => parseRedshift(unload(options))).toThrow(SqlSyntaxError);
  });

  test('an outer LIMIT is an error, an inner one is not', () => {
    expect(() => parseRedshift(unload('', 'select 1 limit 1'))).toThrow(/LIMIT/);
    expect(() => parseRedshift(unload('', 'select top 1 a from t'))).toThrow(/LIMIT/);
    redshift('unload', unload('', 'select * from (select 1 limit 1) q'));
  });

  test('an unknown option is refused', () => {
    expect(() => parseRedshift(unload('FROBNICATE'))).toThrow(NotSupported);
  });
});

describe('COPY INTO and INSERT', () => {
  test('COPY INTO with a SELECT', () => {
    const copy = databricks(
      'copy-into',
      `/* t */ COPY INTO \`c\`.\`s\`.\`t\` FROM (SELECT CAST(5 AS BIGINT) AS _lakehaul, unhex(c1) AS \`a b\` FROM 's3://b/p/')
       FILEFORMAT = PARQUET FILES = ('a.parquet', 'b') FORMAT_OPTIONS ('mergeSchema' = 'false', 'datetimeRebaseMode' = 'CORRECTED') COPY_OPTIONS ('force' = true)`,
    );
    expect(copy).toMatchObject({
      table: ['c', 's', 't'],
      source: 's3://b/p/',
      fileFormat: 'parquet',
      files: ['a.parquet', 'b'],
      formatOptions: { mergeschema: 'false', datetimerebasemode: 'CORRECTED' },
      copyOptions: { force: 'true' },
    });
    expect(copy.select?.items).toHaveLength(2);
  });

  test.each([
    `COPY INTO t FROM 's3://b' FILEFORMAT = PARQUET VALIDATE 10 ROWS`,
    `COPY INTO t BY POSITION FROM 's3://b' FILEFORMAT = CSV`,
    `COPY INTO t FROM 's3://b' WITH (CREDENTIAL x) FILEFORMAT = PARQUET`,
    `INSERT INTO t REPLACE USING (a) SELECT 1`,
    `MERGE INTO t USING s ON 1 = 1 WHEN MATCHED THEN DELETE`,
  ])('%s is refused', (sql) => {
    expect(() => parseDatabricks(sql)).toThrow(NotSupported);
  });

  test('COPY INTO takes at most 1,000 files', () => {
    const names = Array.from({ length: 1001 }, (_, index) => `'${index}'`).join(',');
    expect(() => parseDatabricks(`COPY INTO t FROM 's3://b' FILEFORMAT = PARQUET FILES = (${names})`)).toThrow(/1000/);
  });

  test('REPLACE WHERE', () => {
    const insert = databricks(
      'insert',
      `INSERT INTO t REPLACE WHERE _lakehaul BETWEEN 1 AND 2 SELECT * FROM read_files('s3://b/p', format => 'parquet', fileNamePattern => '*.parquet', x => true)`,
    );
    expect(insert.mode).toBe('replace-where');
    expect(insert.replaceWhere?.kind).toBe('between');
    expect(referencedSources({ body: insert, raw: '', at: 0 })).toMatchObject([
      { kind: 'read-files', path: 's3://b/p', options: { format: 'parquet', filenamepattern: '*.parquet', x: 'true' } },
    ]);
  });
});

test('sources: tables with versions, files, WITH names left out', () => {
  const sql = `WITH x AS (SELECT * FROM a.b VERSION AS OF 12), y AS (SELECT * FROM x)
    SELECT * FROM y JOIN c@v3 ON 1 = 1 JOIN parquet.\`s3://b/p\` p ON 1 = 1 WHERE i IN (SELECT i FROM d) AND z = :par`;
  const [statement] = parseDatabricks(sql);
  if (statement === undefined) throw new Error('no statement');
  expect(
    referencedSources(statement).map((source) =>
      source.kind === 'table' ? [source.name.join('.'), source.timeTravel] : source.kind,
    ),
  ).toEqual([
    ['a.b', { kind: 'version', version: 12n }],
    ['c', { kind: 'version', version: 3n }],
    'files',
    ['d', null],
  ]);
  expect(referencedParameters(statement)).toEqual(['par']);
});

test('DDL of both', () => {
  expect(
    redshift(
      'create-table',
      `create table if not exists s.t (id bigint not null encode az64 distkey, v varchar(max), n numeric, f float, x text, primary key (id)) diststyle key compound sortkey (id, v)`,
    ),
  ).toMatchObject({
    name: ['s', 't'],
    ifNotExists: true,
    columns: [
      { name: 'id', type: { kind: 'bigint' }, nullable: false },
      { name: 'v', type: { kind: 'varchar', length: 65535 } },
      { name: 'n', type: { kind: 'decimal', precision: 18, scale: 0 } },
      { name: 'f', type: { kind: 'double' } },
      { name: 'x', type: { kind: 'varchar', length: 256 } },
    ],
    distKey: 'id',
    sortKey: { style: 'compound', columns: ['id', 'v'] },
    primaryKey: ['id'],
  });
  expect(
    databricks(
      'create-table',
      `CREATE TABLE c.s.t (\`_lakehaul\` BIGINT COMMENT 'x', n DECIMAL, f FLOAT, ts TIMESTAMP, tn TIMESTAMP_NTZ, a ARRAY<STRUCT<x: INT, y: MAP<STRING, INT>>>) USING DELTA CLUSTER BY (n) TBLPROPERTIES ('delta.columnMapping.mode' = 'name', lakehaul.migration = 'm')`,
    ),
  ).toMatchObject({
    columns: [
      { name: '_lakehaul', comment: 'x' },
      { type: { kind: 'decimal', precision: 10, scale: 0 } },
      { type: { kind: 'real' } },
      { type: { kind: 'timestamptz' } },
      { type: { kind: 'timestamp' } },
      { type: { kind: 'array' } },
    ],
    using: 'delta',
    clusterBy: ['n'],
    properties: { 'delta.columnMapping.mode': 'name', 'lakehaul.migration': 'm' },
  });
  expect(
    databricks('alter-table', 'ALTER TABLE t ADD COLUMNS (_lakehaul BIGINT FIRST, b INT AFTER a)').actions,
  ).toMatchObject([
    { kind: 'add-columns', columns: [{ position: { kind: 'first' } }, { position: { kind: 'after', column: 'a' } }] },
  ]);
  expect(redshift('alter-table', 'ALTER TABLE t RENAME COLUMN a TO b').actions).toEqual([
    { kind: 'rename-column', from: 'a', to: 'b' },
  ]);
});

test('session statements', () => {
  expect(redshift('set', `SET query_group TO 'x'`)).toMatchObject({ key: 'query_group', value: 'x' });
  expect(redshift('set', `SET TIME ZONE 'UTC'`)).toMatchObject({ key: 'timezone', value: 'UTC' });
  expect(databricks('set', 'SET STATEMENT_TIMEOUT = 3600')).toMatchObject({ key: 'STATEMENT_TIMEOUT', value: '3600' });
  expect(databricks('describe', 'DESCRIBE HISTORY c.s.t LIMIT 5')).toMatchObject({
    what: 'history',
    table: ['c', 's', 't'],
  });
  expect(databricks('describe', 'DESC TABLE EXTENDED t')).toMatchObject({ what: 'extended' });
  expect(databricks('show-properties', `SHOW TBLPROPERTIES t ('lakehaul.migration')`)).toMatchObject({
    key: 'lakehaul.migration',
  });
  expect(parseRedshift('BEGIN; COMMIT; ROLLBACK').map((statement) => statement.body.kind)).toEqual([
    'begin',
    'commit',
    'rollback',
  ]);
});

test('errors say where', () => {
  expect(() => parseRedshift('SELECT a,\n  FROM t')).toThrow(/near "FROM".*line 2, position 3/);
  expect(() => parseRedshift(`SELECT 'abc`)).toThrow(/unterminated string/);
  expect(() => parseRedshift('VACUUM t')).toThrow(/the statement VACUUM is not supported by the sandbox/);
});

test('conjuncts of a WHERE say less, never more', () => {
  const where = parseExpressionText(
    `_lakehaul BETWEEN 65537 AND CAST(131071 AS BIGINT) AND 5 <= x AND (a = 1 OR b = 2) AND NOT c = 3 AND d IN (1, -2) AND e + 1 = 2 AND f IS NULL AND g NOT BETWEEN 1 AND 2`,
    'databricks',
  );
  const integer = (text: string) => ({ type: 'integer', text });
  expect(conjunctsOf(where)).toEqual([
    { column: ['_lakehaul'], op: '>=', values: [integer('65537')] },
    { column: ['_lakehaul'], op: '<=', values: [integer('131071')] },
    { column: ['x'], op: '>=', values: [integer('5')] },
    { column: ['d'], op: 'in', values: [integer('1'), integer('-2')] },
    { column: ['f'], op: 'is-null', values: [] },
  ]);
});

describe('size', () => {
  test('100 KB of a flat chain parse without a deep stack', () => {
    const chain = Array.from({ length: 10_000 }, (_, index) => `coalesce(c${index},'')`).join('||');
    const query = redshift('query', `SELECT ${chain} FROM t`);
    expect(query.body.kind === 'select' && query.body.items[0]).toMatchObject({ expression: { kind: 'concat' } });
  });

  test('nesting without end is refused, not a broken stack', () => {
    for (const sql of [
      `SELECT ${'('.repeat(50_000)}1${')'.repeat(50_000)}`,
      `SELECT ${'- '.repeat(50_000)}1`,
      `SELECT 1${'::int'.repeat(50_000)}`,
      `SELECT ${'NOT '.repeat(50_000)}true`,
    ])
      expect(() => parseRedshift(sql)).toThrow(NotSupported);
  });
});
