/** What the source hashes: its own columns as they are, of exactly the rows that it counts and unloads. */
import type { RowPredicate, SourceType } from '@lakehaul/core';
import { describe, expect, it } from 'vitest';
import { plannedColumn, plannedTable } from '../../../../test/support/planned-table.ts';
import { predicateSql } from './predicate.ts';
import { renderUnloadBatch, type UnloadOptions } from './unload-sql.ts';

const TYPES: SourceType[] = [
  { kind: 'integer' },
  { kind: 'decimal', precision: 18, scale: 4 },
  { kind: 'double' },
  { kind: 'boolean' },
  { kind: 'date' },
  { kind: 'timestamp' },
  { kind: 'timestamptz' },
  { kind: 'time' },
  { kind: 'char', maxBytes: 10 },
  { kind: 'varchar', maxBytes: 100 },
  { kind: 'varbyte', maxBytes: 100 },
  { kind: 'super' },
];
const plan = plannedTable(
  'odd',
  TYPES.map((type, index) => plannedColumn(`v${index + 1}`, type, index + 1)),
);
const predicate: RowPredicate = {
  parts: [{ kind: 'range', column: 'v1', from: '10', to: '20' }],
  cutLine: { column: 'v6', before: '2026-03-15 00:00:00.000000' },
};
const options: UnloadOptions = {
  unloadRoleArn: 'arn:aws:iam::123456789012:role/unload',
  region: 'eu-central-1',
  staging: { region: 'eu-central-1' },
  statements: { bytes: 100_000, perBatch: 40, sourceTimeoutMs: 60_000 },
};
const { statements, layout } = renderUnloadBatch(
  {
    plan,
    predicate,
    hashForm: 'joined',
    level: 'full',
    dataUrl: 's3://staging/a1-s1/data/',
    statementName: 'n',
    clientToken: 'x',
    buckets: null,
  },
  options,
);
const unload = (statements[layout.unload] ?? '').replaceAll("''", "'");
const scans = layout.fingerprints.map((part) => statements[part.statement] ?? '');

/** The bottom level: everything above it sees `c<n>` only. */
const bottomOf = (sql: string) => /\(SELECT (t\."v1" AS c1.*?) FROM "public"\."odd" t/.exec(sql)?.[1] ?? sql;

describe('the hash at the source', () => {
  it.each([
    ['of the UNLOAD', [unload]],
    ['of the second scan', scans],
  ])('%s reads every column bare, so that a loss on the wire shows', (_what, texts) => {
    expect(texts.length).toBeGreaterThan(0);
    for (const sql of texts) {
      const bottom = bottomOf(sql);
      for (const index of TYPES.keys()) expect(`,${bottom}`).toContain(`,t."v${index + 1}" AS c${index + 1}`);
    }
  });

  it('is over exactly the rows that are counted and unloaded: range and cut line in each of the statements', () => {
    const rows = predicateSql(
      predicate,
      plan.columns.map((column) => column.source),
    );
    expect(rows).toContain('v6');
    for (const sql of [statements[layout.counts] ?? '', unload, ...scans]) expect(sql).toContain(`t WHERE ${rows}`);
  });
});
