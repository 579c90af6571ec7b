import type { TargetTableName } from '@lakehaul/core';
import type { Target } from '../ports.ts';
import { readVersion } from './describe.ts';
import { quoteTable } from './identifier.ts';
import { cellText, mustText, type Row, type Warehouse } from './warehouse.ts';

type Commit = Awaited<ReturnType<Target['history']>>[number];

/**
 * Commits after a version, oldest first. The log keeps 30 days by default (delta-io/delta delta-utility).
 * DESCRIBE HISTORY takes no version, only the newest n: live rows that are committed between two statements push the
 * oldest commits out of a count made before. So it is asked until its answer reaches back to the version, or ends.
 */
export async function readHistory(
  warehouse: Pick<Warehouse, 'read'>,
  table: TargetTableName,
  sinceVersion: string,
): Promise<Commit[]> {
  const since = BigInt(sinceVersion);
  const newest = BigInt(await readVersion(warehouse, table));
  if (newest <= since) return [];
  // Doubled every time: it must outgrow any rate of commits.
  for (let limit = newest - since + MARGIN; ; limit *= 2n) {
    const { rows } = await warehouse.read(`DESCRIBE HISTORY ${quoteTable(table)} LIMIT ${limit}`);
    const oldest = rows.at(-1);
    const isWhole = BigInt(rows.length) < limit || (oldest !== undefined && versionOf(oldest) <= since + 1n);
    if (isWhole) return commitsAfter(since, rows);
  }
}

/** Commits that may come between asking for the version and asking for the history; more than these cost a round. */
const MARGIN = 16n;

const versionOf = (row: Row): bigint => BigInt(mustText(row, 'version'));

function commitsAfter(since: bigint, rows: readonly Row[]): Commit[] {
  return rows
    .filter((row) => versionOf(row) > since)
    .map((row) => ({
      version: mustText(row, 'version'),
      operation: cellText(row['operation']) ?? '',
      statementTag: /lakehaul:(\S+)/.exec(cellText(row['userMetadata']) ?? '')?.[1] ?? null,
      parameters: textMap(row['operationParameters']),
      metrics: textMap(row['operationMetrics']),
      user: cellText(row['userName']) ?? '',
    }))
    .reverse();
}

/** A MAP comes as an object, as entries, or as JSON text, by the driver's settings and the server's version. */
export function textMap(value: unknown): Record<string, string> {
  const given: unknown = typeof value === 'string' ? JSON.parse(value) : value;
  if (typeof given !== 'object' || given === null) return {};
  const entries = given instanceof Map ? [...given] : Object.entries(given);
  return Object.fromEntries(entries.map(([key, each]) => [String(key), cellText(each) ?? '']));
}
