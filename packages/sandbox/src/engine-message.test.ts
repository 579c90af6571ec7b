import { DuckDBInstance } from '@duckdb/node-api';
import { expect, it } from 'vitest';
import { asSqlError } from './databricks/warehouse.ts';
import { databaseError } from './redshift/database-error.ts';

it('an error quotes neither the engine’s SQL nor where it keeps its files', async () => {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const failed = await connection.run('SELECT own_name(1) AS inner_column').catch((thrown: unknown) => thrown);
  // The twin: the engine itself does quote it.
  expect(String(failed)).toMatch(/LINE 1: .*inner_column/s);
  for (const { message } of [asSqlError(failed), databaseError(failed)]) {
    expect(message).toMatch(/own_name/);
    expect(message).not.toMatch(/LINE 1|inner_column/);
  }
});
