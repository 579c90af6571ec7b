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

// What DuckDB says of Parquet files with one changed byte.
it.each([
  'Invalid Input Error: Failed to read file "/x/1.parquet": Snappy decompression failure',
  'Invalid Error: TProtocolException: Invalid data',
  'Invalid Error: Out of buffer',
  "Invalid Input Error: No magic bytes found at end of file '/x/1.parquet'",
  "Invalid Error: don't know what type: ",
  'Invalid Input Error: Invalid string encoding found in Parquet file "/x/1.parquet": value "secret \\x00" is not valid UTF8!',
])('a broken file is told as such, without what it holds: %s', (message) => {
  const error = asSqlError(new Error(message));
  expect(error).toMatchObject({ errorClass: 'FAILED_READ_FILE', sqlState: 'KD001' });
  expect(error.message).not.toContain('secret');
});
