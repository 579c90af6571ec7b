/** The whole batch of one UNLOAD, in order, and where its answers are. Pure text: the dry run prints what is sent. */
import { createHash } from 'node:crypto';
import { type Fingerprint, LakehaulError, type TablePlan } from '@lakehaul/core';
import { emptyFingerprint, type HashGroup, halfSql } from '@lakehaul/fingerprint';
import type { PolicyKind, UnloadAnswer, UnloadRequest } from '../ports.ts';
import { countSelect, fingerprintSelect, namedGroups, sourceRows } from './fingerprint-sql.ts';
import { needsCaseSensitiveNames, quoteQuery, textLiteral } from './identifier.ts';
import type { RedshiftOptions } from './options.ts';
import { hashGroupsOf, movedWithPosition, wireItem } from './wire.ts';

export type UnloadOptions = Pick<RedshiftOptions, 'unloadRoleArn' | 'region' | 'staging' | 'statements'>;

/** 0-based indexes into the batch. */
export interface AnswerLayout {
  columnList: number;
  counts: number;
  /** Each answers a row where the policy is attached; none for a table whose policies were acknowledged. */
  policies: { kind: PolicyKind; statement: number }[];
  unload: number;
  /** One statement per part of the hash groups; their sums stand side by side. */
  fingerprints: { statement: number; groups: number }[];
  buckets: number | null;
}

export interface UnloadBatch {
  statements: string[];
  layout: AnswerLayout;
}

export const QUERY_GROUP = 'lakehaul';
export const BUCKET_COLUMN = 'lakehaul_bucket';

export function renderUnloadBatch(request: UnloadRequest, options: UnloadOptions): UnloadBatch {
  const { plan, predicate, buckets } = request;
  const statements = settings(plan, options);
  const add = (sql: string, what: string): number => {
    refuseTooLong(sql, what, plan, options);
    return statements.push(sql) - 1;
  };
  const isHashed = request.level !== 'count';
  const columnList = add(columnListSelect(plan.source), 'column list');
  const counts = add(countSelect({ plan, predicate, buckets, hasHashes: isHashed }), 'count');
  const policies = policySelects(plan).map(({ kind, sql }) => ({ kind, statement: add(sql, 'policy') }));
  const unload = add(unloadStatement(request, options), 'UNLOAD');
  const fingerprints = needsScan(request)
    ? splitByLimit(request, options).map((groups) => ({
        statement: add(fingerprintSelect({ plan, predicate, groups, buckets }), 'fingerprint'),
        groups: groups.length,
      }))
    : [];
  if (statements.length > options.statements.perBatch)
    throw new LakehaulError(
      'STATEMENT_TOO_LONG',
      `the batch for ${plan.source.schema}.${plan.source.table} has ${statements.length} statements, the limit is ${options.statements.perBatch}`,
    );
  return { statements, layout: { columnList, counts, policies, unload, fingerprints, buckets } };
}

export function renderUnload(request: UnloadRequest, options: UnloadOptions): string[] {
  return renderUnloadBatch(request, options).statements;
}

export function answerLayout(request: UnloadRequest, options: UnloadOptions): AnswerLayout {
  return renderUnloadBatch(request, options).layout;
}

/** Level full; and any table too wide for all its hashes to travel, whose other groups only a second scan can prove. */
function needsScan(request: UnloadRequest): boolean {
  if (request.level === 'count') return false;
  const layout = hashGroupsOf(request.plan);
  return request.level === 'full' || layout.travelling < layout.groups.length;
}

function settings(plan: TablePlan, options: UnloadOptions): string[] {
  const names = [plan.source.schema, plan.source.table, ...plan.columns.map((column) => column.source.name)];
  return [
    `SET query_group TO '${QUERY_GROUP}'`,
    "SET timezone TO 'UTC'",
    'SET enable_result_cache_for_session TO off',
    `SET statement_timeout TO ${Math.round(options.statements.sourceTimeoutMs)}`,
    ...(needsCaseSensitiveNames(names) ? ['SET enable_case_sensitive_identifier TO true'] : []),
  ];
}

/**
 * A policy that was attached and detached between two looks at the catalogue hides rows from us and from every proof. So
 * the transaction asks itself, right before the UNLOAD is planned: one that hid rows from the count alone shows as unequal
 * counts. Two statements, since Redshift documents no join of the two views; none where a person acknowledged the policies,
 * for then the views may be denied to us, and one denied statement ends the batch. Nothing forbids SVV views in a transaction
 * (RDG r_SVL_MULTI_STATEMENT_VIOLATIONS lists what is forbidden), and both are leader-node reads of a few rows.
 */
function policySelects({ source, acknowledgements }: TablePlan): { kind: PolicyKind; sql: string }[] {
  if (acknowledgements.includes('row-security')) return [];
  const schema = textLiteral(source.schema);
  const table = textLiteral(source.table);
  return [
    {
      kind: 'row-level security',
      sql: `SELECT relname FROM svv_rls_relation WHERE is_rls_on AND relschema = ${schema} AND relname = ${table}`,
    },
    {
      kind: 'masking',
      sql: `SELECT DISTINCT table_name FROM svv_attached_masking_policy WHERE schema_name = ${schema} AND table_name = ${table}`,
    },
  ];
}

/** `oid, column name, type` in order: the query shape of discovery, for one table. */
export function columnListSelect(table: { schema: string; table: string }): string {
  return `SELECT CAST(CAST(c.oid AS BIGINT) AS VARCHAR(20)),a.attname,format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE a.attnum > 0 AND NOT a.attisdropped AND n.nspname = ${textLiteral(table.schema)} AND c.relname = ${textLiteral(table.table)} ORDER BY a.attnum`;
}

/** Of such rows: another table, or another shape of it, hashes to something else. */
export function columnListHash(rows: Rows): string {
  const hash = createHash('sha256');
  for (const row of rows) hash.update(`${JSON.stringify(row)}\n`);
  return hash.digest('hex');
}

function unloadStatement(request: UnloadRequest, options: UnloadOptions): string {
  const { plan, buckets } = request;
  if (!/^s3:\/\/[^']+\/$/.test(request.dataUrl) || request.dataUrl.includes('\\'))
    throw new LakehaulError('INTERNAL', `${request.dataUrl} is no prefix to unload to`);
  const columns = movedWithPosition(plan);
  const groups =
    request.level === 'count' ? [] : namedGroups(plan, request.hashForm).slice(0, hashGroupsOf(plan).travelling);
  const rows = sourceRows({ plan, predicate: request.predicate, groups, columns, isBucketed: buckets !== null });
  const items = [
    ...columns.map(wireItem),
    ...groups.flatMap((group, index) => [
      `${halfSql('redshift', group.name, 1)} AS h${2 * index + 1}`,
      `${halfSql('redshift', group.name, 2)} AS h${2 * index + 2}`,
    ]),
    ...(buckets === null ? [] : [`${rows.bucketOf(buckets)}::integer AS ${BUCKET_COLUMN}`]),
  ];
  const query = `SELECT ${items.join(',')} FROM ${rows.from}`;
  const { kmsKeyId, region } = options.staging;
  return [
    `UNLOAD (${quoteQuery(query)}) TO ${textLiteral(request.dataUrl)} IAM_ROLE ${textLiteral(options.unloadRoleArn)}`,
    'FORMAT AS PARQUET',
    ...(buckets === null ? [] : [`PARTITION BY (${BUCKET_COLUMN})`]),
    'MANIFEST VERBOSE',
    `MAXFILESIZE ${maxFileMegabytes(plan)} MB`,
    // REGION only where it must be said (facts 2.1).
    ...(region === options.region ? [] : [`REGION ${textLiteral(region)}`]),
    ...(kmsKeyId === undefined ? [] : [`KMS_KEY_ID ${textLiteral(kmsKeyId)} ENCRYPTED`]),
  ].join(' ');
}

/**
 * Files that a warehouse reads in parallel without being swamped: a 64th of the chunk, in the multiples of 32 MB that
 * Redshift rounds down to, between 128 MB and 1 GB.
 */
function maxFileMegabytes(plan: TablePlan): number {
  const wanted = Number(BigInt(plan.wantedChunkBytes) / 64n / 33_554_432n) * 32;
  return Math.min(1024, Math.max(128, wanted));
}

/** As few statements as the limit allows, each over whole groups. */
function splitByLimit(request: UnloadRequest, options: UnloadOptions): HashGroup[][] {
  const { plan, predicate, buckets } = request;
  const parts: HashGroup[][] = [];
  for (const group of namedGroups(plan, request.hashForm)) {
    const open = parts.at(-1);
    const longer =
      open === undefined ? null : fingerprintSelect({ plan, predicate, groups: [...open, group], buckets });
    if (open !== undefined && longer !== null && Buffer.byteLength(longer) <= options.statements.bytes)
      open.push(group);
    else parts.push([group]);
  }
  return parts;
}

function refuseTooLong(sql: string, what: string, plan: TablePlan, options: UnloadOptions): void {
  const bytes = Buffer.byteLength(sql);
  if (bytes > options.statements.bytes)
    throw new LakehaulError(
      'STATEMENT_TOO_LONG',
      `the ${what} statement for ${plan.source.schema}.${plan.source.table} has ${bytes} bytes, the limit is ${options.statements.bytes}`,
    );
}

export type Rows = readonly (readonly (string | null)[])[];

/** The batch's answer; `rowsOf` gives the result of a statement by its index in the batch. */
export function readUnloadAnswer(layout: AnswerLayout, rowsOf: (statement: number) => Rows): UnloadAnswer {
  const counts = rowsOf(layout.counts).map(([bucket, rowCount, maxRowBytes]) => ({
    bucket: bucketNumber(bucket),
    rowCount: numberText(rowCount),
    maxRowBytes: numberText(maxRowBytes),
  }));
  const found = joinFingerprints(layout.fingerprints.map(({ statement }) => rowsOf(statement)));
  const groups = layout.fingerprints.reduce((total, each) => total + each.groups, 0);
  // GROUP BY has no row for a bucket without rows; its fingerprint is known all the same.
  const buckets = layout.buckets === null ? [null] : Array.from({ length: layout.buckets }, (_, bucket) => bucket);
  const fingerprints = buckets.map(
    (bucket) => found.find((each) => each.bucket === bucket) ?? { bucket, fingerprint: emptyFingerprint(groups) },
  );
  return {
    columnListHash: columnListHash(rowsOf(layout.columnList)),
    policies: layout.policies.filter(({ statement }) => rowsOf(statement).length > 0).map(({ kind }) => kind),
    snapshotAt: rowsOf(layout.counts)[0]?.[3] ?? null,
    counts,
    fingerprints: layout.fingerprints.length === 0 ? [] : fingerprints,
  };
}

/** Parts of the hash groups, each `bucket, count, sum1, sum2, …`, as one fingerprint per bucket. */
export function joinFingerprints(parts: readonly Rows[]): { bucket: number | null; fingerprint: Fingerprint }[] {
  const byBucket = new Map<number | null, Fingerprint>();
  for (const [index, rows] of parts.entries())
    for (const [bucketText, count, ...sums] of rows) {
      const bucket = bucketNumber(bucketText);
      const rowCount = numberText(count);
      const before = byBucket.get(bucket);
      if (index > 0 && before?.rowCount !== rowCount)
        throw new LakehaulError(
          'COUNT_MISMATCH',
          'two fingerprint statements of one transaction counted different rows',
        );
      byBucket.set(bucket, { rowCount, groups: [...(before?.groups ?? []), ...pairs(sums)] });
    }
  return [...byBucket].map(([bucket, fingerprint]) => ({ bucket, fingerprint }));
}

function pairs(sums: readonly (string | null)[]): { sum1: string; sum2: string }[] {
  return Array.from({ length: sums.length / 2 }, (_, index) => ({
    sum1: numberText(sums[2 * index]),
    sum2: numberText(sums[2 * index + 1]),
  }));
}

function bucketNumber(text: string | null | undefined): number | null {
  return text === null || text === undefined ? null : Number(numberText(text));
}

function numberText(text: string | null | undefined): string {
  if (text === null || text === undefined || !/^\d+$/.test(text))
    throw new LakehaulError('INTERNAL', 'a count or a sum is no whole number');
  return text;
}
