import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OpenEngine, openEngine } from './engine.ts';

let directory: string;
let engine: OpenEngine;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'engine-'));
  engine = await openEngine({ directory, memoryLimit: '500MB' });
});
afterEach(async () => {
  await engine.close();
  await rm(directory, { recursive: true, force: true });
});

async function rows(sql: string): Promise<unknown[]> {
  const { connection, release } = await engine.acquire();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    release();
  }
}

describe('engine', () => {
  it('keeps the source database over a restart, and sessions in UTC', async () => {
    await rows('CREATE TABLE rs.main.t AS SELECT 9223372036854775807 AS a');
    await engine.close();
    engine = await openEngine({ directory });
    expect(await rows('SELECT a FROM rs.main.t')).toEqual([{ a: '9223372036854775807' }]);
    expect(await rows(`SELECT current_setting('TimeZone') AS zone`)).toEqual([{ zone: 'UTC' }]);
  });

  it('leaks neither transaction nor search path from one session to the next', async () => {
    await rows('BEGIN; CREATE TABLE rs.main.half AS SELECT 1; USE rs');
    expect(await rows('SELECT current_catalog() AS c')).toEqual([{ c: 'memory' }]);
    await expect(rows('SELECT * FROM rs.main.half')).rejects.toThrow(/does not exist/);
  });

  it('takes a row text of 1,200 joined columns', async () => {
    // Columns, not literals: folding a long chain of constants takes DuckDB minutes.
    const columns = Array.from({ length: 1_200 }, (_, i) => `i % 10 AS c${i}`).join(', ');
    const joined = Array.from({ length: 1_200 }, (_, i) => `CAST(c${i} AS VARCHAR)`).join(' || ');
    expect(await rows(`SELECT length(${joined}) AS n FROM (SELECT ${columns} FROM range(1) r(i))`)).toEqual([
      { n: '1200' },
    ]);
  });

  it('gives up what runs when it closes', async () => {
    const { connection, release } = await engine.acquire();
    const long = connection.run('SELECT count(*) FROM range(100000000000) a(x) WHERE x % 7 = 3').finally(release);
    const ended = expect(long).rejects.toThrow(/interrupt/i);
    const late = expect(rows('SELECT 1')).rejects.toThrow(/closed/);
    await engine.close();
    await ended;
    await late;
  });
});
