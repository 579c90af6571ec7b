/** Counts and sums of row hashes on the warehouse. All values come out as text (facts 7). */
import {
  type CarriedFingerprint,
  type HashForm,
  LakehaulError,
  LINEAGE_COLUMN,
  lineageOf,
  type TablePlan,
  type TargetTableName,
} from '@lakehaul/core';
import { type ColumnRead, type HashGroup, halfSql, hashLevels, holdsInexactSql, sumSql } from '@lakehaul/fingerprint';
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

/** The groups that a target row is hashed in. */
export function hashGroupList(plan: TablePlan, form: HashForm): HashGroup[] {
  return hashGroupsOf(plan).groups.map((columns, index) => ({ name: `g${index + 1}`, columns, form }));
}

/** Whether the pair `h<2i+1>, h<2i+2>` of the staged files is the hash that the source has for the group. */
export function travels(plan: TablePlan, group: number): boolean {
  return group < hashGroupsOf(plan).travelling;
}

/** Then the travelled hashes are of the JSON text, and the target has another text of the same values. */
export function hasVariants(plan: TablePlan): boolean {
  return variantColumns(plan).length > 0;
}

/**
 * Staged rows rebuilt as the load rebuilds them, the travelled hashes beside them, and the md5s asked for. With VARIANT
 * columns also `t<i>`, per travelling group the md5 of the staged text itself, which is what the source hashed.
 */
export function stagedRows(request: {
  plan: TablePlan;
  hashForm: HashForm;
  dataUrl: string;
  fileNames: readonly string[];
  groups: readonly HashGroup[];
  alias: string;
  /** Further select items over the staged columns, which are `f.c<position>`. */
  extra?: readonly string[];
}): string {
  const { plan } = request;
  const columns: ColumnRead[] = movedWithPosition(plan).map((column) => ({
    ...column,
    reference: rebuildSql(column, 'f'),
  }));
  const { groups, travelling } = hashGroupsOf(plan);
  const halves = Array.from({ length: 2 * travelling }, (_, index) => `f.h${index + 1} AS h${index + 1}`);
  const extra = [...halves, ...(request.extra ?? [])];
  const from = `FROM ${stagedFiles(request.dataUrl, request.fileNames)} AS f`;
  const texts = textTwins(columns);
  const textGroups: HashGroup[] =
    texts.size === 0
      ? []
      : groups.slice(0, travelling).map((group, index) => ({
          name: `t${index + 1}`,
          columns: group.map((column) => texts.get(column.position) ?? column),
          form: request.hashForm,
        }));
  const read = { dialect: 'databricks' as const, columns: [...columns, ...texts.values()], extra, from };
  return hashLevels({ ...read, groups: [...request.groups, ...textGroups] }, request.alias);
}

/** Each VARIANT column once more as the staged text, under a position of its own. */
function textTwins(columns: readonly ColumnRead[]): Map<number, ColumnRead> {
  const variants = columns.filter((column) => column.isVariant === true);
  return new Map(
    variants.map(({ position, type }) => [
      position,
      { position: columns.length + position, type, reference: `f.c${position}` },
    ]),
  );
}

/** Whether a staged row, under its alias, holds the very text that the source hashed; never NULL. */
export function isTextAsHashed(plan: TablePlan, alias: string): string {
  const same = Array.from({ length: hashGroupsOf(plan).travelling }, (_, index) =>
    ([1, 2] as const).map(
      (half) => `${alias}.h${2 * index + half} = ${halfSql('databricks', `${alias}.t${index + 1}`, half)}`,
    ),
  );
  return `coalesce(${same.flat().join(' AND ')}, false)`;
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

/**
 * `row_count, sum1, …` of the hashes that travelled in the staged files. With VARIANT columns also `parsed1, …`, the sums
 * of the same groups with the staged JSON parsed as the load parses it, and the number of rows whose staged values are not
 * what the source hashed. What is compared is to_json: a VARIANT has no equality of its own (facts 5.5). `rounded1, outside1,
 * …` count, per VARIANT column, the rows whose numbers do not survive parsing, which no sum of parsed values shows.
 */
export function carriedFingerprintSelect(request: {
  plan: TablePlan;
  hashForm: HashForm;
  dataUrl: string;
  fileNames: readonly string[];
}): string {
  const { plan, hashForm } = request;
  const { travelling } = hashGroupsOf(plan);
  const halves = Array.from({ length: 2 * travelling }, (_, index) => `s.h${index + 1}`);
  if (!hasVariants(plan)) return sumsSelect(halves, `${stagedFiles(request.dataUrl, request.fileNames)} AS s`, '');
  const groups = hashGroupList(plan, hashForm).slice(0, travelling);
  const parsed = groups
    .flatMap(({ name }) => ([1, 2] as const).map((half) => halfSql('databricks', `s.${name}`, half)))
    .map((half, index) => `, ${sumSql('databricks', half)} AS parsed${index + 1}`);
  const other = `, CAST(count(CASE WHEN NOT ${isTextAsHashed(plan, 's')} THEN 1 END) AS STRING) AS ${OTHER_TEXT_FIELD}`;
  const numbers = variantColumns(plan).flatMap(({ position }, index) => [
    { name: `rounded${index + 1}`, condition: holdsInexactSql('databricks', `f.c${position}`, 'rounded') },
    { name: `outside${index + 1}`, condition: holdsInexactSql('databricks', `f.c${position}`, 'outOfRange') },
  ]);
  const extra = numbers.map(({ name, condition }) => `${condition} AS ${name}`);
  const inexact = numbers.map(({ name }) => `, CAST(count(CASE WHEN s.${name} THEN 1 END) AS STRING) AS ${name}`);
  const more = `${parsed.join('')}${other}${inexact.join('')}`;
  return sumsSelect(halves, stagedRows({ ...request, groups, alias: 's', extra }), more);
}

function variantColumns(plan: TablePlan) {
  return movedWithPosition(plan).filter((column) => column.isVariant === true);
}

function sumsSelect(expressions: readonly string[], from: string, more: string): string {
  const sums = expressions.map((expression, index) => `${sumSql('databricks', expression)} AS sum${index + 1}`);
  return `SELECT ${[`CAST(count(*) AS STRING) AS ${COUNT_FIELD}`, ...sums].join(', ')}${more} FROM ${from}`;
}

/** The answer of carriedFingerprintSelect. */
export function readCarried(row: Readonly<Record<string, string | null>>, plan: TablePlan): CarriedFingerprint {
  const inexact = variantColumns(plan).map((column, index) => ({
    column: column.plan.source.name,
    rounded: numberText(row[`rounded${index + 1}`]),
    outOfRange: numberText(row[`outside${index + 1}`]),
  }));
  return { ...readFingerprint(row), ...(inexact.length === 0 ? {} : { inexact }) };
}

/** One row of the two SELECTs above, by field name. A TIMESTAMP_NTZ hashed in another zone than UTC proves nothing. */
export function readFingerprint(row: Readonly<Record<string, string | null>>): CarriedFingerprint {
  const zone = row[ZONE_FIELD];
  if (zone !== undefined && !['UTC', 'Etc/UTC', 'Z', '+00:00'].includes(zone ?? ''))
    throw new LakehaulError('INTERNAL', `the warehouse session runs in time zone ${zone}, not in UTC`);
  const otherText = numberText(row[OTHER_TEXT_FIELD] ?? '0');
  if (otherText !== '0')
    throw new LakehaulError('STAGE_MISMATCH', `${otherText} staged rows hold other values than the source hashed`);
  const parsed = readSums(row, 'parsed');
  return {
    rowCount: numberText(row[COUNT_FIELD]),
    groups: readSums(row, 'sum'),
    ...(parsed.length === 0 ? {} : { parsed }),
  };
}

function readSums(
  row: Readonly<Record<string, string | null>>,
  name: 'sum' | 'parsed',
): { sum1: string; sum2: string }[] {
  const sums: { sum1: string; sum2: string }[] = [];
  for (let index = 1; row[`${name}${index}`] !== undefined; index += 2)
    sums.push({ sum1: numberText(row[`${name}${index}`]), sum2: numberText(row[`${name}${index + 1}`]) });
  return sums;
}

function numberText(text: string | null | undefined): string {
  if (text === null || text === undefined || !/^\d+$/.test(text))
    throw new LakehaulError('INTERNAL', 'a count or a sum of the warehouse is no whole number');
  return text;
}
