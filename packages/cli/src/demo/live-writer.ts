/** The live path of the demo: rows that keep arriving in the target while history is hauled into the same table. */
import type { Clock } from '@lakehaul/core';
import type { SqlClient } from '../sandbox/sql-clients.ts';
import { CUT_LINE } from './tables.ts';

const TABLE = '`main`.`panther_logs`.`aws_cloudtrail`';
const COLUMNS =
  'p_event_time, p_parse_time, p_row_id, p_log_type, p_schema_version, p_source_id, eventname, useragent, readonly';
const ROWS_PER_BATCH = 5;

export interface LiveRows {
  /** Rows that the live path has written, ever. */
  written: number;
  /** Rows of it in the target now, unchanged. */
  unchanged: number;
  /** Rows without a lineage value in the target now. */
  found: number;
}

export class LiveWriter {
  readonly #client: SqlClient;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  #written: number;
  #running: Promise<void> = Promise.resolve();
  #failure: unknown = null;

  constructor(client: SqlClient, clock: Clock, alreadyWritten: number) {
    this.#client = client;
    this.#clock = clock;
    this.#written = alreadyWritten;
  }

  start(everyMs: number): void {
    this.#running = this.#run(everyMs).catch((failure: unknown) => {
      this.#failure = failure;
    });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    if (this.#failure !== null) throw this.#failure;
  }

  async writeBatch(): Promise<void> {
    const rows = Array.from({ length: ROWS_PER_BATCH }, (_, index) => liveRow(this.#written + index));
    await this.#client.run(
      `INSERT INTO ${TABLE} (${COLUMNS}) VALUES ${rows.map((row) => `(${row.join(', ')})`).join(', ')}`,
    );
    this.#written += rows.length;
  }

  async #run(everyMs: number): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.writeBatch();
      await this.#clock.sleep(everyMs, this.#stop.signal).catch(() => undefined);
    }
  }

  /** Every row is a function of its number, so the target's live rows can be checked one by one. */
  async check(): Promise<LiveRows> {
    const found = await this.#client.run(
      `SELECT p_row_id, useragent, CAST(readonly AS STRING) AS readonly FROM ${TABLE} WHERE _lakehaul IS NULL`,
    );
    const texts = new Map(found.rows.map((row) => [row[0], `${row[1]}|${row[2]}`]));
    let unchanged = 0;
    for (let number = 0; number < this.#written; number++)
      if (texts.get(rowId(number)) === `${agent(number)}|${number % 2 === 0}`) unchanged++;
    return { written: this.#written, unchanged, found: found.rows.length };
  }
}

/** How many live rows an earlier run of the demo has written: the target remembers. */
export async function countLiveRows(client: SqlClient): Promise<number> {
  const result = await client.run(`SELECT CAST(count(*) AS STRING) AS n FROM ${TABLE} WHERE _lakehaul IS NULL`);
  return Number(result.rows[0]?.[0] ?? '0');
}

const rowId = (number: number) => `live-${String(number).padStart(12, '0')}`;
const agent = (number: number) => `live-agent/${number * 7}`;

function liveRow(number: number): string[] {
  const time = `TIMESTAMP_NTZ '${CUT_LINE}' + INTERVAL ${number} SECOND`;
  return [
    time,
    time,
    `'${rowId(number)}'`,
    `'AWS.CloudTrail'`,
    '1',
    `'source-live'`,
    `'GetObject'`,
    `'${agent(number)}'`,
    String(number % 2 === 0),
  ];
}

/** The target table as the SIEM made it: it exists before the haul, without a lineage column. */
export const LIVE_TABLE_DDL = [
  'CREATE SCHEMA IF NOT EXISTS `main`.`panther_logs`',
  `CREATE TABLE IF NOT EXISTS ${TABLE} (p_event_time TIMESTAMP_NTZ, p_parse_time TIMESTAMP_NTZ NOT NULL, p_row_id STRING NOT NULL, p_log_type STRING NOT NULL, p_schema_version INT, p_source_id STRING, p_any_ip_addresses STRING, p_any_aws_account_ids STRING, eventversion STRING, eventname STRING, eventsource STRING, awsregion STRING, sourceipaddress STRING, useragent STRING, useridentity STRING, requestparameters STRING, errorcode STRING, readonly BOOLEAN) USING DELTA TBLPROPERTIES ('delta.columnMapping.mode' = 'name')`,
];
