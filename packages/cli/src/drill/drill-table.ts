/** What a drill hauls: a few thousand rows in eight chunks, into a table that exists and keeps growing. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sandbox } from '@lakehaul/sandbox';
import type { SqlClient } from '../sandbox/sql-clients.ts';

export const DRILL_SCHEMA = 'drill';
export const DRILL_ROWS = 3_000;
const COLUMNS = ['id', 'seen_at', 'name', 'amount', 'ratio', 'note'];

/** Rows that occur twice and rows without a key are in it: a lost or doubled one of those is the hardest to see. */
export async function writeDrillRows(directory: string): Promise<string> {
  const file = join(directory, 'drill.csv');
  const lines = [COLUMNS.join(',')];
  for (let row = 0; row < DRILL_ROWS; row++) {
    const number = row % 25 === 24 ? row - 1 : row;
    const id = number % 60 === 7 ? '' : String(number * 3);
    const seenAt = new Date(Date.UTC(2026, 0, 1) + number * 61_007).toISOString().replace('T', ' ').replace('Z', '');
    const note = number % 11 === 0 ? '' : `"note, ${number} ${'·'.repeat(number % 17)}"`;
    lines.push([id, seenAt, `name ${number % 97}`, `${number}.${number % 10_000}`, String(number / 7), note].join(','));
  }
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

export async function makeDrillTable(request: {
  clouds: Sandbox;
  databricks: SqlClient;
  table: string;
  file: string;
}): Promise<void> {
  const { clouds, databricks, table } = request;
  await clouds.load({
    schema: DRILL_SCHEMA,
    table,
    files: [request.file],
    ddl: `CREATE TABLE "${table}" (id bigint, seen_at timestamp, name varchar(80), amount decimal(18,4), ratio double precision, note varchar(400)) SORTKEY (id)`,
  });
  await databricks.run(`CREATE SCHEMA IF NOT EXISTS main.${DRILL_SCHEMA}`);
  await databricks.run(
    `CREATE TABLE ${targetName(table)} (id BIGINT, seen_at TIMESTAMP_NTZ, name STRING, amount DECIMAL(18,4), ratio DOUBLE, note STRING) USING DELTA TBLPROPERTIES ('delta.columnMapping.mode' = 'name')`,
  );
}

export const targetName = (table: string): string => `main.${DRILL_SCHEMA}.${table}`;
