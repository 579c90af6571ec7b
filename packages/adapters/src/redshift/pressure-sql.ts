/**
 * How much the source suffers, from SYS_QUERY_HISTORY, which clusters and serverless workgroups have alike, and which
 * tells of running and queued statements too (developer guide, SYS_QUERY_HISTORY: status is planning, queued, running,
 * returning, failed, canceled or success; queue_time and elapsed_time are microseconds; query_label is the short name,
 * which SET query_group gives). Only what is recent is scanned: the view keeps seven days.
 */
import { LakehaulError, type SourceTableName } from '@lakehaul/core';
import { quoteTable } from './identifier.ts';
import { QUERY_GROUP } from './unload-sql.ts';

/** What a small query of the production would feel: counted as ours, and its wait among those that are looked at. */
export const CANARY_GROUP = 'lakehaul-canary';
/** The look itself, which counts nowhere. */
export const READING_GROUP = 'lakehaul-reading';

/** Most waits that come back. Beyond 20,000 statements in the window the last of them stands for the percentile. */
export const WAITS_MAX = 1_000;

const label = "TRIM(NVL(h.query_label,''))";
const status = 'TRIM(h.status)';

/** queued or running, ours (1) or not (0), how many. */
export const COUNTS_SQL = `SELECT CASE WHEN ${status} = 'queued' THEN 'queued' ELSE 'running' END,CASE WHEN ${label} LIKE 'lakehaul%' THEN '1' ELSE '0' END,CAST(COUNT(*) AS VARCHAR(20)) FROM sys_query_history h WHERE ${status} IN ('queued','running','returning') AND ${label} <> '${READING_GROUP}' GROUP BY CASE WHEN ${status} = 'queued' THEN 'queued' ELSE 'running' END,CASE WHEN ${label} LIKE 'lakehaul%' THEN '1' ELSE '0' END`;

/** Statements that wait, or left the queue in the window; the haul's own waits are no pain of the source. */
function lately(windowMs: number): string {
  const from = `DATEADD(millisecond,-${whole(windowMs)},GETDATE())`;
  // In milliseconds: the argument is an integer, and 35 minutes of microseconds are not.
  const left = `DATEADD(millisecond,CAST(h.queue_time / 1000 AS INTEGER),h.start_time) >= ${from}`;
  return `${label} NOT IN ('${QUERY_GROUP}','${READING_GROUP}') AND TRIM(h.query_type) NOT IN ('UTILITY','COMMAND','OTHER') AND (${status} = 'queued' OR (h.start_time >= DATEADD(minute,-30,${from}) AND ${left}))`;
}

export function waitCountSql(windowMs: number): string {
  return `SELECT CAST(COUNT(*) AS VARCHAR(20)) FROM sys_query_history h WHERE ${lately(windowMs)}`;
}

/** Microseconds, the longest first. */
export function waitsSql(windowMs: number): string {
  return `SELECT CAST(h.queue_time AS VARCHAR(20)) FROM sys_query_history h WHERE ${lately(windowMs)} ORDER BY h.queue_time DESC LIMIT ${WAITS_MAX}`;
}

/** Does what needs compute nodes, and stops after a thousand rows: a query without a table never enters the queue. */
export function canarySql(table: SourceTableName): string {
  return `SELECT CAST(COUNT(*) AS VARCHAR(20)) FROM (SELECT 1 AS one FROM ${quoteTable(table)} LIMIT 1000) c`;
}

/** Microseconds from asking to answering, by the engine's own clock, of the newest of these queries that has ended. */
export function canaryTimeSql(queryIds: readonly string[]): string {
  if (queryIds.length === 0 || queryIds.some((id) => !/^\d{1,19}$/.test(id)))
    throw new LakehaulError('INTERNAL', 'the id of a canary is no number');
  return `SELECT CAST(h.elapsed_time AS VARCHAR(20)) FROM sys_query_history h WHERE h.query_id IN (${queryIds.join(',')}) AND ${status} = 'success' ORDER BY h.query_id DESC LIMIT 1`;
}

/**
 * Provisioned clusters only, superusers only (STV_NODE_STORAGE_CAPACITY). used and capacity are 1 MB blocks. For managed
 * storage the guide calls a node's capacity the cluster's whole quota: there the fullest node's share is its part of it.
 */
export const STORAGE_SQL =
  'SELECT CAST(c.used AS VARCHAR(20)),CAST(c.capacity AS VARCHAR(20)) FROM stv_node_storage_capacity c';

function whole(ms: number): number {
  if (!Number.isSafeInteger(ms) || ms < 0) throw new LakehaulError('INTERNAL', 'a window is no whole number');
  return ms;
}
