/** What the statements of a load and a proof may touch, whatever their text looks like otherwise. */
import { LINEAGE_COLUMN, lineageOf, lineageRange } from '@lakehaul/core';
import { describe, expect, it } from 'vitest';
import { plannedColumn, plannedTable } from '../../../../test/support/planned-table.ts';
import type { LoadRequest } from '../ports.ts';
import { copyStatements, deleteStatement, renderLoad, replaceStatement } from './load-sql.ts';
import { lineageCountSelect, sealSelect, targetFingerprintSelect } from './verify-sql.ts';

const plan = plannedTable('orders', [
  plannedColumn('id', { kind: 'bigint' }, 1),
  plannedColumn('name', { kind: 'varchar', maxBytes: 100 }, 2),
]);
const load: LoadRequest = {
  plan,
  hashForm: 'joined',
  chunk: 3,
  attempt: 2,
  dataUrl: 's3://staging/m/00/t/g1/3/a2-s1/data/',
  fileNames: ['0000_part_00.parquet', '0001_part_00.parquet'],
  statementTag: 'm/t/g1/c3/a2/s1',
  statementTimeoutMs: 60_000,
  sendBeforeMs: Number.POSITIVE_INFINITY,
  startBeforeMs: 1_800_000_000_000,
};

/** The bounds of the one condition on the lineage column; a second condition of any kind is none of ours. */
function bounds(condition: string): { low: bigint; high: bigint } | string {
  const match = new RegExp(`^(?:t\\.)?\`${LINEAGE_COLUMN}\` BETWEEN (\\d+) AND (\\d+)$`).exec(condition.trim());
  return match === null ? condition : { low: BigInt(match[1] ?? ''), high: BigInt(match[2] ?? '') };
}

describe('a repair', () => {
  it('is bound to the lineage values of its chunk: no other chunk and no live row is in its range', () => {
    const range = lineageRange(3);
    const replace = replaceStatement(load);
    expect(bounds(/REPLACE WHERE ([^\n]*)/.exec(replace)?.[1] ?? '')).toEqual(range);
    const [, condition = '', deadline = ''] =
      / WHERE ([^\n]*) AND (unix_micros[^\n]*)$/.exec(deleteStatement(load)) ?? [];
    expect(bounds(condition)).toEqual(range);
    expect(deadline).toBe('unix_micros(current_timestamp()) < 1800000000000000');
    expect(range.low).toBeGreaterThan(lineageRange(2).high);
    expect(range.high).toBeLessThan(lineageRange(4).low);
  });

  it('writes its rows under its own attempt', () => {
    for (const attempt of [2, 3, 65_535]) {
      const sql = replaceStatement({ ...load, attempt });
      expect(/CAST\((\d+) AS BIGINT\)/.exec(sql)?.[1]).toBe(lineageOf(3, attempt).toString());
    }
  });

  it('is a REPLACE: only the first attempt ever COPYs', () => {
    expect(renderLoad({ ...load, attempt: 1 }).join()).toContain('COPY INTO');
    for (const attempt of [2, 3, 9]) expect(renderLoad({ ...load, attempt }).join()).not.toContain('COPY INTO');
  });
});

describe('a COPY', () => {
  it('of a file that is loaded already adds nothing, and names each of its files', () => {
    const [sql = ''] = copyStatements({ ...load, attempt: 1 });
    expect(/'force' = '(\w+)'/.exec(sql)?.[1]).toBe('false');
    expect(/FILES = \((.*)\)/.exec(sql)?.[1]).toBe("'0000_part_00.parquet', '0001_part_00.parquet'");
    expect(/CAST\((\d+) AS BIGINT\)/.exec(sql)?.[1]).toBe(lineageOf(3, 1).toString());
  });
});

it.each([
  ['COPY', () => copyStatements({ ...load, attempt: 1 })],
  ['REPLACE', () => [replaceStatement(load)]],
])('a %s asks the engine’s clock for every row, and fails where it begins too late', (_name, statements) => {
  for (const sql of statements())
    expect(sql).toMatch(
      /SELECT CASE WHEN unix_micros\(current_timestamp\(\)\) < 1800000000000000 THEN CAST\(\d+ AS BIGINT\) ELSE CAST\(raise_error\('LAKEHAUL_STARTED_TOO_LATE'\) AS BIGINT\) END/,
    );
});

describe('a proof', () => {
  const counts = lineageCountSelect(plan, 3, '7');
  const hashes = targetFingerprintSelect({ plan, hashForm: 'joined', chunk: 3, attempt: 2, version: '7' });

  it('counts the rows of its chunk alone', () => {
    expect(bounds(/ WHERE (.*?) GROUP BY /.exec(counts)?.[1] ?? '')).toEqual(lineageRange(3));
  });

  it('hashes the rows of its attempt alone', () => {
    const conditions = [...hashes.matchAll(/ WHERE ([^)]*)/g)].map((match) => match[1]);
    expect(conditions).toEqual([`t.\`${LINEAGE_COLUMN}\` = ${lineageOf(3, 2)}`]);
  });

  it('reads one version of the table in all its parts', () => {
    for (const sql of [counts, hashes, sealSelect(plan.target, '7')]) {
      const reads = [...sql.matchAll(/FROM (`main`\.`public`\.`orders`(?: VERSION AS OF \d+)?)/g)];
      expect(reads.map((match) => match[1])).toEqual(['`main`.`public`.`orders` VERSION AS OF 7']);
    }
    expect(() => lineageCountSelect(plan, 3, '7 OR 1')).toThrow(/no table version/);
  });
});
