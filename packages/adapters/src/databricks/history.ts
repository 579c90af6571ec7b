import type { TargetTableName } from '@lakehaul/core';
import type { Target } from '../ports.ts';
import { readVersion } from './describe.ts';
import { quoteTable } from './identifier.ts';
import { cellText, mustText, type Warehouse } from './warehouse.ts';

type Commit = Awaited<ReturnType<Target['history']>>[number];

/** Commits after a version, oldest first. The log keeps 30 days by default (delta-io/delta delta-utility). */
export async function readHistory(
  warehouse: Warehouse,
  table: TargetTableName,
  sinceVersion: string,
): Promise<Commit[]> {
  const behind = BigInt(await readVersion(warehouse, table)) - BigInt(sinceVersion);
  if (behind <= 0n) return [];
  const { rows } = await warehouse.read(`DESCRIBE HISTORY ${quoteTable(table)} LIMIT ${behind}`);
  return rows
    .map((row) => ({
      version: mustText(row, 'version'),
      operation: cellText(row['operation']) ?? '',
      statementTag: /lakehaul:(\S+)/.exec(cellText(row['userMetadata']) ?? '')?.[1] ?? null,
      parameters: textMap(row['operationParameters']),
      metrics: textMap(row['operationMetrics']),
      user: cellText(row['userName']) ?? '',
    }))
    .filter((commit) => BigInt(commit.version) > BigInt(sinceVersion))
    .reverse();
}

/** A MAP comes as an object, as entries, or as JSON text, by the driver's settings and the server's version. */
export function textMap(value: unknown): Record<string, string> {
  const given: unknown = typeof value === 'string' ? JSON.parse(value) : value;
  if (typeof given !== 'object' || given === null) return {};
  const entries = given instanceof Map ? [...given] : Object.entries(given);
  return Object.fromEntries(entries.map(([key, each]) => [String(key), cellText(each) ?? '']));
}
