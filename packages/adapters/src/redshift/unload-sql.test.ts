import { describe, expect, it } from 'vitest';
import { plannedColumn, plannedTable } from '../../../../test/support/planned-table.ts';
import { copyStatements, deleteStatement, replaceStatement } from '../databricks/load-sql.ts';
import {
  carriedFingerprintSelect,
  readFingerprint,
  sealSelect,
  targetFingerprintSelect,
} from '../databricks/verify-sql.ts';
import type { LoadRequest, UnloadRequest } from '../ports.ts';
import { joinFingerprints, readUnloadAnswer, renderUnloadBatch, type UnloadOptions } from './unload-sql.ts';

const options: UnloadOptions = {
  unloadRoleArn: 'arn:aws:iam::123456789012:role/unload',
  region: 'eu-central-1',
  staging: { region: 'eu-west-1', kmsKeyId: 'key-1' },
  statements: { bytes: 100_000, perBatch: 40, sourceTimeoutMs: 60_000 },
};
const plan = plannedTable('orders', [
  plannedColumn('id', { kind: 'bigint' }, 1),
  plannedColumn("it's", { kind: 'varchar', maxBytes: 100 }, 2),
  plannedColumn('seen', { kind: 'timestamp' }, 3),
  plannedColumn('ratio', { kind: 'double' }, 4),
]);
const request: UnloadRequest = {
  plan,
  predicate: {
    parts: [{ kind: 'range', column: 'id', from: '10', to: '20' }],
    cutLine: { column: 'seen', before: '2026-03-15 00:00:00.000000' },
  },
  hashForm: 'joined',
  level: 'full',
  dataUrl: 's3://staging/m/00/t/g1/1/a1-s1/data/',
  statementName: 'lakehaul-m-t-g1-c1-a1-s1',
  clientToken: 'x',
  buckets: null,
};
const load: LoadRequest = {
  plan,
  hashForm: 'joined',
  chunk: 3,
  attempt: 1,
  dataUrl: request.dataUrl,
  fileNames: ['0000_part_00.parquet', '0001_part_00.parquet'],
  statementTag: 'm/t/g1/c3/a1/s1',
  statementTimeoutMs: 60_000,
  sendBeforeMs: Number.POSITIVE_INFINITY,
  startBeforeMs: 1_800_000_000_000,
};

describe('the statements of a chunk', () => {
  it('are these', async () => {
    const { statements } = renderUnloadBatch(request, options);
    const target = { plan, hashForm: 'joined', chunk: 3, attempt: 1, version: '7' } as const;
    const all = [
      ...statements,
      ...copyStatements(load),
      replaceStatement({ ...load, attempt: 2 }),
      deleteStatement({ ...load, attempt: 3 }),
      carriedFingerprintSelect(load),
      targetFingerprintSelect(target),
      sealSelect(plan.target, '7'),
    ];
    await expect(all.join('\n\n')).toMatchFileSnapshot('./golden/chunk-statements.txt');
  });

  it('carry no hash at level count, and no second scan at level carried', () => {
    const count = renderUnloadBatch({ ...request, level: 'count' }, options);
    expect(count.statements.join(' ')).not.toMatch(/MD5/);
    const carried = renderUnloadBatch({ ...request, level: 'carried' }, options);
    expect(carried.layout.fingerprints).toEqual([]);
    expect(carried.statements).toHaveLength(renderUnloadBatch(request, options).statements.length - 1);
  });

  it('are refused when one is longer than the limit, or the batch has too many', () => {
    const short = { ...options, statements: { ...options.statements, bytes: 2_000 } };
    expect(() => renderUnloadBatch(request, short)).toThrow(/UNLOAD statement for public.orders has \d+ bytes/);
    const few = { ...options, statements: { ...options.statements, perBatch: 3 } };
    expect(() => renderUnloadBatch(request, few)).toThrow(/statements, the limit is 3/);
  });

  it('ask for policies between the count and the UNLOAD, unless they were acknowledged', () => {
    const { statements, layout } = renderUnloadBatch(request, options);
    expect(layout.policies.map(({ statement }) => statement)).toEqual([layout.counts + 1, layout.unload - 1]);
    expect(statements[layout.counts + 1]).toMatch(/svv_rls_relation .*relname = 'orders'/);
    expect(statements[layout.unload - 1]).toMatch(/svv_attached_masking_policy .*table_name = 'orders'/);
    const known = { ...request, plan: { ...plan, acknowledgements: ['row-security' as const] } };
    expect(renderUnloadBatch(known, options).statements.join(' ')).not.toMatch(/svv_/);
  });

  it('never leave the prefix that they were given', () => {
    expect(() => renderUnloadBatch({ ...request, dataUrl: "s3://b/x' IAM_ROLE 'y/" }, options)).toThrow(/no prefix/);
  });

  it('ask for case-sensitive names only where a name needs it', () => {
    const upper = { ...plan, columns: [plannedColumn('Id', { kind: 'bigint' }, 1), ...plan.columns.slice(1)] };
    const sql = (of: typeof plan) =>
      renderUnloadBatch({ ...request, plan: of, predicate: { parts: [], cutLine: null } }, options).statements.join(
        ';',
      );
    expect(sql(upper)).toMatch(/SET enable_case_sensitive_identifier TO true/);
    expect(sql(plan)).not.toMatch(/case_sensitive/);
  });

  it('copy at most 1,000 files each, and never a whole directory by mistake', () => {
    const fileNames = Array.from({ length: 2_001 }, (_, index) => `${index}.parquet`);
    expect(copyStatements({ ...load, fileNames })).toHaveLength(3);
    expect(() => copyStatements({ ...load, fileNames: [] })).toThrow(/no files/);
    expect(() => replaceStatement({ ...load, fileNames: ['a/1.parquet', 'b/1.parquet'] })).toThrow(
      /several directories/,
    );
    expect(() => copyStatements({ ...load, statementTag: 'x */ DROP TABLE y' })).toThrow(/tag/);
  });
});

describe('the answers', () => {
  it('give a bucket without rows the empty fingerprint', () => {
    const layout = {
      columnList: 0,
      counts: 1,
      policies: [],
      unload: 2,
      fingerprints: [{ statement: 3, groups: 1 }],
      buckets: 2,
    };
    const answers: Record<number, (string | null)[][]> = {
      0: [['1', 'id', 'bigint']],
      1: [['1', '3', '20']],
      3: [['1', '3', '5', '6']],
    };
    const answer = readUnloadAnswer(layout, (statement) => answers[statement] ?? []);
    expect(answer.fingerprints).toEqual([
      { bucket: 0, fingerprint: { rowCount: '0', groups: [{ sum1: '0', sum2: '0' }] } },
      { bucket: 1, fingerprint: { rowCount: '3', groups: [{ sum1: '5', sum2: '6' }] } },
    ]);
  });

  it('name the policy that hides rows', () => {
    const { layout } = renderUnloadBatch({ ...request, level: 'carried' }, options);
    const of = (hiding: number | undefined) =>
      readUnloadAnswer(layout, (statement) => {
        if (statement === layout.counts) return [[null, '3', '20', null]];
        return statement === hiding ? [['orders']] : [];
      }).policies;
    expect(of(undefined)).toEqual([]);
    expect(of(layout.policies[0]?.statement)).toEqual(['row-level security']);
    expect(of(layout.policies[1]?.statement)).toEqual(['masking']);
  });

  it('refuse parts of one fingerprint that counted different rows', () => {
    expect(() => joinFingerprints([[[null, '3', '5', '6']], [[null, '4', '5', '6']]])).toThrow(/different rows/);
  });

  it('of a warehouse session in another time zone prove nothing', () => {
    const row = { row_count: '1', sum1: '2', sum2: '3' };
    expect(readFingerprint({ ...row, session_zone: 'Etc/UTC' })).toEqual({
      rowCount: '1',
      groups: [{ sum1: '2', sum2: '3' }],
    });
    expect(() => readFingerprint({ ...row, session_zone: 'America/New_York' })).toThrow(/not in UTC/);
    expect(() => readFingerprint({ ...row, sum1: '1e30' })).toThrow(/no whole number/);
    expect(() => readFingerprint({ ...row, other_text_rows: '2' })).toThrow(/2 staged rows hold other values/);
    const parsed = { parsed1: '4', parsed2: '5', other_text_rows: '0' };
    expect(readFingerprint({ ...row, ...parsed })).toMatchObject({ parsed: [{ sum1: '4', sum2: '5' }] });
  });
});
