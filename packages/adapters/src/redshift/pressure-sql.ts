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

const state = `CASE WHEN ${status} = 'queued' THEN 'queued' ELSE 'running' END`;
const ours = `CASE WHEN ${label} LIKE 'lakehaul%' THEN '1' ELSE '0' END`;

/** Statements that wait, or left the queue in the window; the haul's own waits are no pain of the source. */
function lately(windowMs: number): string {
  const from = `DATEADD(millisecond,-${whole(windowMs)},GETDATE())`;
  // In milliseconds: the argument is an integer, and 35 minutes of microseconds are not.
  const left = `DATEADD(millisecond,CAST(h.queue_time / 1000 AS INTEGER),h.start_time) >= ${from}`;
  return `${label} NOT IN ('${QUERY_GROUP}','${READING_GROUP}') AND TRIM(h.query_type) NOT IN ('UTILITY','COMMAND','OTHER') AND (${status} = 'queued' OR (h.start_time >= DATEADD(minute,-30,${from}) AND ${left}))`;
}

/**
 * All of it in one statement, which enters the queue once: rows of what (queued, running, waited, wait, canary), whether of
 * ours, and a number. `wait` are the longest ones, in microseconds; `waited` is how many there are.
 */
export function readingSql(windowMs: number, canaryIds: readonly string[]): string {
  const text = (number: string) => `CAST(${number} AS VARCHAR(20))`;
  const parts = [
    `SELECT ${state} AS what,${ours} AS ours,${text('COUNT(*)')} AS n FROM sys_query_history h WHERE ${status} IN ('queued','running','returning') AND ${label} <> '${READING_GROUP}' GROUP BY ${state},${ours}`,
    `SELECT 'waited' AS what,'0' AS ours,${text('COUNT(*)')} AS n FROM sys_query_history h WHERE ${lately(windowMs)}`,
    `SELECT 'wait' AS what,'0' AS ours,${text('w.queue_time')} AS n FROM (SELECT h.queue_time FROM sys_query_history h WHERE ${lately(windowMs)} ORDER BY h.queue_time DESC LIMIT ${WAITS_MAX}) w`,
    ...(canaryIds.length === 0 ? [] : [canaryTimeSql(canaryIds)]),
  ];
  return parts.join(' UNION ALL ');
}

/** Does what needs compute nodes, and stops after a thousand rows: a query without a table never enters the queue. */
export function canarySql(table: SourceTableName): string {
  return `SELECT CAST(COUNT(*) AS VARCHAR(20)) FROM (SELECT 1 AS one FROM ${quoteTable(table)} LIMIT 1000) c`;
}

/** Microseconds from asking to answering, by the engine's own clock, of the newest of these queries that has ended. */
function canaryTimeSql(queryIds: readonly string[]): string {
  if (queryIds.some((id) => !/^\d{1,19}$/.test(id)))
    throw new LakehaulError('INTERNAL', 'the id of a canary is no number');
  return `SELECT 'canary' AS what,'1' AS ours,CAST(c.elapsed_time AS VARCHAR(20)) AS n FROM (SELECT h.elapsed_time FROM sys_query_history h WHERE h.query_id IN (${queryIds.join(',')}) AND ${status} = 'success' ORDER BY h.query_id DESC LIMIT 1) c`;
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
