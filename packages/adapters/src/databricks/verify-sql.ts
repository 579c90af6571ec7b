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
import { type HashColumn, type HashGroup, halfSql, hashLevels, sumSql } from '@lakehaul/fingerprint';
import { hashGroupsOf, movedWithPosition } from '../redshift/wire.ts';
import { quoteName, quoteTable } from './identifier.ts';
import { lineageCondition, stagedFiles } from './load-sql.ts';
import { rebuildSql } from './rebuild.ts';

/** Column names of the answers. */
export const ZONE_FIELD = 'session_zone';
const COUNT_FIELD = 'row_count';
const OTHER_TEXT_FIELD = 'other_text_rows';

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

/** The groups that a target row is hashed in; the VARIANT columns, if there are any, are the last one. */
export function hashGroupList(plan: TablePlan, form: HashForm): HashGroup[] {
  const { groups, variant } = hashGroupsOf(plan);
  return [...groups, ...(variant === null ? [] : [variant])].map((columns, index) => ({
    name: `g${index + 1}`,
    columns,
    form,
  }));
}

/** Whether the pair `h<2i+1>, h<2i+2>` of the staged files is the hash that the group has on the target. */
export function travels(plan: TablePlan, group: number): boolean {
  return group < hashGroupsOf(plan).travelling;
}

/** Staged rows rebuilt as the load rebuilds them, the travelled hashes beside them, and the md5s asked for. */
export function stagedRows(request: {
  plan: TablePlan;
  dataUrl: string;
  fileNames: readonly string[];
  groups: readonly HashGroup[];
  alias: string;
}): string {
  const columns = movedWithPosition(request.plan).map((column) => ({ ...column, reference: rebuildSql(column, 'f') }));
  const { travelling, variant } = hashGroupsOf(request.plan);
  const pairs = travelling + (variant === null ? 0 : 1);
  const extra = Array.from({ length: 2 * pairs }, (_, index) => `f.h${index + 1} AS h${index + 1}`);
  const from = `FROM ${stagedFiles(request.dataUrl, request.fileNames)} AS f`;
  return hashLevels({ dialect: 'databricks', columns, extra, from, groups: request.groups }, request.alias);
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
    ...column,
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
  hashForm: HashForm;
  dataUrl: string;
  fileNames: readonly string[];
}): string {
  const { travelling, variant } = hashGroupsOf(request.plan);
  const halves = Array.from({ length: 2 * travelling }, (_, index) => `s.h${index + 1}`);
  if (variant !== null) return carriedVariantSelect(request, variant, halves);
  return sumsSelect(halves, `${stagedFiles(request.dataUrl, request.fileNames)} AS s`, '');
}

/**
 * With VARIANT columns: beside the sums, the number of rows whose staged text is not what the source hashed, and the sums
 * of the group as the target has it, from the staged text parsed by the same engine.
 */
function carriedVariantSelect(
  request: { plan: TablePlan; hashForm: HashForm; dataUrl: string; fileNames: readonly string[] },
  variant: readonly HashColumn[],
  halves: readonly string[],
): string {
  const form = request.hashForm;
  const asText = variant.map((column) => ({ position: column.position, type: column.type }));
  // Two readings of the same files side by side: as values (g1), and as the text that travelled (gt).
  const values = stagedRows({ ...request, groups: [{ name: 'g1', columns: variant, form }], alias: 's' });
  const textColumns = movedWithPosition(request.plan)
    .filter((column) => variant.some((each) => each.position === column.position))
    .map((column) => ({
      position: column.position,
      type: column.type,
      reference: column.isVariant === true ? `f.c${column.position}` : rebuildSql(column, 'f'),
    }));
  const pair = halves.length;
  const texts = hashLevels(
    {
      dialect: 'databricks',
      columns: textColumns,
      extra: [`f.h${pair + 1} AS w1`, `f.h${pair + 2} AS w2`],
      from: `FROM ${stagedFiles(request.dataUrl, request.fileNames)} AS f`,
      groups: [{ name: 'gt', columns: asText, form }],
    },
    'x',
  );
  const isOther = `x.w1 IS NULL OR x.w2 IS NULL OR x.w1 <> ${halfSql('databricks', 'x.gt', 1)} OR x.w2 <> ${halfSql('databricks', 'x.gt', 2)}`;
  const other = `(SELECT CAST(count(*) AS STRING) FROM ${texts} WHERE ${isOther})`;
  const sums = [...halves, halfSql('databricks', 's.g1', 1), halfSql('databricks', 's.g1', 2)];
  return sumsSelect(sums, values, `, ${other} AS ${OTHER_TEXT_FIELD}`);
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
  const otherText = row[OTHER_TEXT_FIELD] ?? '0';
  if (otherText !== '0')
    throw new LakehaulError('STAGE_MISMATCH', `${otherText} staged rows hold other JSON text than the source hashed`);
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
