/** Puts the demo's tables into the Redshift side, once. */
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Sandbox } from '@lakehaul/sandbox';
import type { Terminal } from '../print/terminal.ts';
import { counted } from '../print/units.ts';
import type { SqlClient } from '../sandbox/sql-clients.ts';
import { createTableSql, demoTables } from './tables.ts';
import { TYPE_TORTURE_SQL } from './type-torture.ts';

export async function loadDemoTables(request: {
  clouds: Sandbox;
  redshift: SqlClient;
  directory: string;
  terminal: Terminal;
  maxRows: number;
}): Promise<void> {
  // Written last: an interrupted load is done again from the start.
  const done = join(request.directory, 'loaded');
  if (await exists(done)) return;
  const scratch = join(request.directory, 'generated');
  await mkdir(scratch, { recursive: true });
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  for (const table of demoTables(request.maxRows)) {
    const file = join(scratch, `${table.table}.parquet`);
    await connection.run(`COPY (${table.rowsSql}) TO '${file.replaceAll("'", "''")}' (FORMAT parquet)`);
    await request.redshift.run(`CREATE SCHEMA IF NOT EXISTS "${table.schema}"`);
    await request.redshift.run(`DROP TABLE IF EXISTS "${table.schema}"."${table.table}"`);
    const loaded = await request.clouds.load({
      schema: table.schema,
      table: table.table,
      files: [file],
      ddl: createTableSql(table),
    });
    request.terminal.talk(`source table ${table.schema}.${table.table}: ${counted(loaded.rowCount, 'row')}`);
  }
  connection.closeSync();
  instance.closeSync();
  for (const statement of TYPE_TORTURE_SQL) await request.redshift.run(statement);
  await rm(scratch, { recursive: true, force: true });
  await writeFile(done, '');
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
