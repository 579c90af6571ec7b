/**
 * The demo's tables: three real sets of the npm package vega-datasets (BSD-3), generated logs in Panther's shape, and a
 * table with every type. DDL is Redshift's; the rows of generated tables come from SQL over row numbers, so that every
 * run makes the same ones.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface DemoTable {
  schema: string;
  table: string;
  /** Columns and attributes of CREATE TABLE, in Redshift's words. */
  columns: readonly string[];
  attributes: string;
  /** DuckDB query whose columns are the table's, in order; null when rows come by INSERT. */
  rowsSql: string;
}

/** Rows whose p_parse_time is at or after this come by the live path. */
export const CUT_LINE = '2026-03-15 00:00:00';

const CLOUDTRAIL_ROWS = 150_000;
const VPCFLOW_ROWS = 400_000;

const VEGA = join(dirname(fileURLToPath(import.meta.resolve('vega-datasets'))), '../data');
const vega = (name: string) => `'${join(VEGA, name).replaceAll("'", "''")}'`;

/** Days with very different traffic: a quiet baseline, a busy week, one incident that is a third of everything. */
const EVENT_TIME = `
  TIMESTAMP '2026-01-01 00:00:00'
  + to_microseconds(CAST(CASE
      WHEN i % 3 = 0 THEN 59 * 86400000000 + (hash(i * 7 + 1) % 7200000000)
      WHEN i % 3 = 1 THEN 30 * 86400000000 + (hash(i * 7 + 2) % 604800000000)
      ELSE hash(i * 7 + 3) % (80 * 86400000000)
    END AS BIGINT))`;

/** p_event_time in milliseconds as Panther writes it; every 200th event has none. */
const PANTHER_FIELDS = (logType: string) => `
  CASE WHEN i % 200 = 199 THEN NULL ELSE date_trunc('milliseconds', event_time) END AS p_event_time,
  date_trunc('milliseconds', event_time + to_seconds(CAST(30 + hash(i * 11) % 600 AS BIGINT))) AS p_parse_time,
  md5('${logType}' || i) AS p_row_id,
  '${logType}' AS p_log_type,
  1 AS p_schema_version,
  'source-' || (hash(i * 13) % 5) AS p_source_id`;

const cloudtrail = (rows: number) => `
  WITH numbered AS (SELECT range AS i FROM range(${rows})),
  timed AS (SELECT i, ${EVENT_TIME} AS event_time FROM numbered),
  drawn AS (
    SELECT *,
      ['DescribeInstances', 'GetObject', 'AssumeRole', 'ListBuckets', 'PutObject', 'ConsoleLogin', 'CreateUser', 'DeleteTrail'][1 + CAST(hash(i * 17) % 8 AS BIGINT)] AS name,
      ['ec2', 's3', 'sts', 's3', 's3', 'signin', 'iam', 'cloudtrail'][1 + CAST(hash(i * 17) % 8 AS BIGINT)] AS service,
      '10.' || (hash(i * 19) % 256) || '.' || (hash(i * 23) % 256) || '.' || (hash(i * 29) % 256) AS ip,
      lpad(CAST(hash(i * 31) % 40 AS VARCHAR), 12, '1') AS account
    FROM timed)
  SELECT ${PANTHER_FIELDS('AWS.CloudTrail')},
    CAST(json_array(ip) AS VARCHAR) AS p_any_ip_addresses,
    CAST(json_array(account) AS VARCHAR) AS p_any_aws_account_ids,
    '1.08' AS eventversion,
    name AS eventname,
    service || '.amazonaws.com' AS eventsource,
    ['us-east-1', 'eu-central-1', 'ap-south-1'][1 + CAST(hash(i * 37) % 3 AS BIGINT)] AS awsregion,
    ip AS sourceipaddress,
    CASE WHEN i % 50 = 0 THEN NULL WHEN i % 51 = 0 THEN '' ELSE 'aws-cli/2.' || (hash(i * 41) % 30) || ' Python/3.11 ' || CASE WHEN i % 7 = 0 THEN 'naïve ☂ 🧪' ELSE 'exec-env' END END AS useragent,
    CAST(json_object('type', 'AssumedRole', 'accountId', account, 'arn', 'arn:aws:sts::' || account || ':assumed-role/r' || (hash(i * 43) % 100)) AS VARCHAR) AS useridentity,
    CASE WHEN i % 5 = 0 THEN NULL ELSE CAST(json_object('bucketName', 'b' || (hash(i * 47) % 1000), 'max', hash(i * 53) % 100000) AS VARCHAR) END AS requestparameters,
    CASE WHEN i % 9 = 0 THEN 'AccessDenied' END AS errorcode,
    i % 4 <> 0 AS readonly
  FROM drawn`;

const vpcflow = (rows: number) => `
  WITH numbered AS (SELECT range AS i FROM range(${rows})),
  timed AS (SELECT i, ${EVENT_TIME} AS event_time FROM numbered)
  SELECT ${PANTHER_FIELDS('AWS.VPCFlow')},
    '10.0.' || (hash(i * 3) % 256) || '.' || (hash(i * 5) % 256) AS srcaddr,
    '172.16.' || (hash(i * 59) % 256) || '.' || (hash(i * 61) % 256) AS dstaddr,
    CAST(1024 + hash(i * 67) % 64000 AS INTEGER) AS srcport,
    CAST([22, 53, 80, 443, 8443][1 + CAST(hash(i * 71) % 5 AS BIGINT)] AS INTEGER) AS dstport,
    CAST(CASE WHEN i % 3 = 0 THEN 17 ELSE 6 END AS SMALLINT) AS protocol,
    CAST(hash(i * 73) % 9000000000 AS BIGINT) AS bytes,
    CAST(hash(i * 79) % 100000 AS BIGINT) AS packets,
    CASE WHEN i % 20 = 0 THEN 'REJECT' ELSE 'ACCEPT' END AS action
  FROM timed`;

const PANTHER_COLUMNS = [
  'p_event_time timestamp',
  'p_parse_time timestamp NOT NULL',
  'p_row_id varchar(64) NOT NULL',
  'p_log_type varchar(64) NOT NULL',
  'p_schema_version integer',
  'p_source_id varchar(64)',
];

/** At most `maxRows` of each; what is generated is generated that small. */
export function demoTables(maxRows: number): DemoTable[] {
  const tables: DemoTable[] = [
    {
      schema: 'public',
      table: 'flights',
      columns: [
        'date timestamp NOT NULL',
        'delay bigint',
        'distance bigint',
        'origin varchar(3)',
        'destination varchar(3)',
      ],
      attributes: 'DISTSTYLE EVEN COMPOUND SORTKEY (date)',
      rowsSql: `SELECT date, delay, distance, origin, destination FROM read_parquet(${vega('flights-3m.parquet')})`,
    },
    {
      schema: 'public',
      table: 'birdstrikes',
      columns: [
        '"Airport Name" varchar(100)',
        '"Aircraft Make Model" varchar(100)',
        '"Effect Amount of damage" varchar(40)',
        '"Flight Date" date',
        '"Aircraft Airline Operator" varchar(60)',
        '"Origin State" varchar(40)',
        '"Phase of flight" varchar(40)',
        '"Wildlife Size" varchar(20)',
        '"Wildlife Species" varchar(100)',
        '"Time of day" varchar(20)',
        '"Cost Other" integer',
        '"Cost Repair" integer',
        '"Cost Total $" integer',
        '"Speed IAS in knots" integer',
      ],
      attributes: 'DISTSTYLE EVEN',
      rowsSql: `SELECT * FROM read_csv(${vega('birdstrikes.csv')}, header = true, nullstr = '')`,
    },
    {
      schema: 'public',
      table: 'seattle_weather',
      columns: [
        'date date NOT NULL',
        'precipitation decimal(5,1)',
        'temp_max real',
        'temp_min double precision',
        'wind decimal(5,1)',
        'weather char(10)',
      ],
      attributes: 'DISTSTYLE ALL COMPOUND SORTKEY (date)',
      rowsSql: `SELECT CAST(date AS DATE) AS date, CAST(precipitation AS DECIMAL(5,1)) AS precipitation, CAST(temp_max AS FLOAT) AS temp_max, CAST(temp_min AS DOUBLE) AS temp_min, CAST(wind AS DECIMAL(5,1)) AS wind, weather FROM read_csv(${vega('seattle-weather.csv')}, header = true)`,
    },
    {
      schema: 'panther_logs',
      table: 'aws_cloudtrail',
      columns: [
        ...PANTHER_COLUMNS,
        'p_any_ip_addresses super',
        'p_any_aws_account_ids super',
        'eventversion varchar(16)',
        'eventname varchar(128)',
        'eventsource varchar(128)',
        'awsregion varchar(32)',
        'sourceipaddress varchar(64)',
        'useragent varchar(1024)',
        'useridentity super',
        'requestparameters super',
        'errorcode varchar(64)',
        'readonly boolean',
      ],
      attributes: 'DISTKEY (p_row_id) COMPOUND SORTKEY (p_event_time)',
      rowsSql: cloudtrail(Math.min(CLOUDTRAIL_ROWS, maxRows)),
    },
    {
      schema: 'panther_logs',
      table: 'aws_vpcflow',
      columns: [
        ...PANTHER_COLUMNS,
        'srcaddr varchar(64)',
        'dstaddr varchar(64)',
        'srcport integer',
        'dstport integer',
        'protocol smallint',
        'bytes bigint',
        'packets bigint',
        'action varchar(8)',
      ],
      attributes: 'DISTSTYLE EVEN COMPOUND SORTKEY (p_event_time)',
      rowsSql: vpcflow(Math.min(VPCFLOW_ROWS, maxRows)),
    },
  ];
  return tables.map((table) => ({ ...table, rowsSql: `SELECT * FROM (${table.rowsSql}) LIMIT ${maxRows}` }));
}

export function createTableSql(table: Pick<DemoTable, 'schema' | 'table' | 'columns' | 'attributes'>): string {
  return `CREATE TABLE "${table.schema}"."${table.table}" (${table.columns.join(', ')}) ${table.attributes}`.trim();
}
