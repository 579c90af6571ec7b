/** Counts and sums of row hashes on the warehouse. All values come out as text (facts 7). */
import {
  type Fingerprint,
  type HashForm,
  LakehaulError,
  LINEAGE_COLUMN,
  lineageOf,
  type TablePlan,
  type TargetTableName,
} from '@lakehaul/core';
import { type HashGroup, halfSql, hashLevels, sumSql } from '@lakehaul/fingerprint';
import { hashGroupsOf, movedWithPosition } from '../redshift/wire.ts';
import { quoteName, quoteTable } from './identifier.ts';
import { lineageCondition, stagedFiles } from './load-sql.ts';

/** Column names of the answers. */
export const ZONE_FIELD = 'session_zone';
const COUNT_FIELD = 'row_count';

function versionText(version: string): string {
  if (!/^\d+$/.test(version)) throw new LakehaulError('INTERNAL', `${version} is no table version`);
  return version;
}

/** A table at one version, under an alias. */
export function tableAt(table: TargetTableName, version: string, alias: string): string {
  return `${quoteTable(table)} VERSION AS OF ${versionText(version)} AS ${alias}`;
}

/** `lineage, row_count` for every lineage value of the chunk. */
export function lineageCountSelect(plan: Pick<TablePlan, 'target'>, chunk: number, version: string): string {
  const lineage = `t.${quoteName(LINEAGE_COLUMN)}`;
  return `SELECT CAST(${lineage} AS STRING) AS lineage, CAST(count(*) AS STRING) AS ${COUNT_FIELD} FROM ${tableAt(plan.target, version, 't')} WHERE t.${lineageCondition(chunk)} GROUP BY ${lineage}`;
}

/** The seal: `lineage, row_count` over the whole table, live rows left out. */
export function sealSelect(table: TargetTableName, version: string): string {
  const lineage = `t.${quoteName(LINEAGE_COLUMN)}`;
  return `SELECT CAST(${lineage} AS STRING) AS lineage, CAST(count(*) AS STRING) AS ${COUNT_FIELD} FROM ${tableAt(table, version, 't')} WHERE ${lineage} IS NOT NULL GROUP BY ${lineage}`;
}

export function hashGroupList(plan: TablePlan, form: HashForm): HashGroup[] {
  return hashGroupsOf(plan).groups.map((columns, index) => ({ name: `g${index + 1}`, columns, form }));
}

/** The rows of one lineage value with their md5s `g<i>`, recomputed from the target's own columns. */
export function targetRows(request: {
  plan: TablePlan;
  chunk: number;
  attempt: number;
  version: string;
  groups: readonly HashGroup[];
  alias: string;
}): string {
  const { plan } = request;
  const from = `FROM ${tableAt(plan.target, request.version, 't')} WHERE t.${quoteName(LINEAGE_COLUMN)} = ${lineageOf(request.chunk, request.attempt)}`;
  const columns = movedWithPosition(plan).map((column) => ({
    position: column.position,
    type: column.type,
    reference: `t.${quoteName(column.plan.target.name)}`,
  }));
  return hashLevels({ dialect: 'databricks', columns, from, groups: request.groups }, request.alias);
}

/** `row_count, sum1, sum2, sum3, …, session_zone` of one lineage value at a version. */
export function targetFingerprintSelect(request: {
  plan: TablePlan;
  hashForm: HashForm;
  chunk: number;
  attempt: number;
  version: string;
}): string {
  const groups = hashGroupList(request.plan, request.hashForm);
  const rows = targetRows({ ...request, groups, alias: 'r' });
  const sums = groups.flatMap((group) => [halfSql('databricks', group.name, 1), halfSql('databricks', group.name, 2)]);
  return sumsSelect(sums, rows, `, current_timezone() AS ${ZONE_FIELD}`);
}

/** `row_count, sum1, …` of the hashes that travelled in the staged files. */
export function carriedFingerprintSelect(request: {
  plan: TablePlan;
  dataUrl: string;
  fileNames: readonly string[];
}): string {
  const { travelling } = hashGroupsOf(request.plan);
  const halves = Array.from({ length: 2 * travelling }, (_, index) => `s.h${index + 1}`);
  return sumsSelect(halves, `${stagedFiles(request.dataUrl, request.fileNames)} AS s`, '');
}

function sumsSelect(expressions: readonly string[], from: string, more: string): string {
  const sums = expressions.map((expression, index) => `${sumSql('databricks', expression)} AS sum${index + 1}`);
  return `SELECT ${[`CAST(count(*) AS STRING) AS ${COUNT_FIELD}`, ...sums].join(', ')}${more} FROM ${from}`;
}

/** One row of the two SELECTs above, by field name. A TIMESTAMP_NTZ hashed in another zone than UTC proves nothing. */
export function readFingerprint(row: Readonly<Record<string, string | null>>): Fingerprint {
  const zone = row[ZONE_FIELD];
  if (zone !== undefined && !['UTC', 'Etc/UTC', 'Z', '+00:00'].includes(zone ?? ''))
    throw new LakehaulError('INTERNAL', `the warehouse session runs in time zone ${zone}, not in UTC`);
  const groups: { sum1: string; sum2: string }[] = [];
  for (let index = 1; row[`sum${index}`] !== undefined; index += 2)
    groups.push({ sum1: numberText(row[`sum${index}`]), sum2: numberText(row[`sum${index + 1}`]) });
  return { rowCount: numberText(row[COUNT_FIELD]), groups };
}

function numberText(text: string | null | undefined): string {
  if (text === null || text === undefined || !/^\d+$/.test(text))
    throw new LakehaulError('INTERNAL', 'a count or a sum of the warehouse is no whole number');
  return text;
}
