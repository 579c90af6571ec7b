/**
 * Who wrote which table, from the SYS monitoring views, which provisioned clusters and serverless workgroups have alike
 * (developer guide, SYS_QUERY_HISTORY, SYS_QUERY_DETAIL, SYS_TRANSACTION_HISTORY, SVV_TRANSACTIONS):
 *
 * - A step `insert` or `delete` with a table_id is a write of that table: INSERT, COPY, MERGE and CTAS insert, DELETE
 *   deletes, UPDATE does both. TRUNCATE and ALTER TABLE APPEND have no such step; their text names the table.
 * - What a query's status says is not what became of its transaction: that is in SYS_TRANSACTION_HISTORY, which only
 *   superusers read unless SELECT is granted on it (c_visibility-of-data). Without it a write counts until its
 *   transaction is seen to hold no lock any more; SVV_TRANSACTIONS shows all rows to all users.
 * - Rows of other users need SYSLOG ACCESS UNRESTRICTED.
 * - Our own statements write nothing at the source, so nothing has to be left out by label: a label can be set by anybody.
 */
import { isSourceTime, LakehaulError, type SourceTime } from '@lakehaul/core';

export const TIME_FORM = 'YYYY-MM-DD HH24:MI:SS.US';

export function timeText(expression: string): string {
  return `TO_CHAR(${expression},'${TIME_FORM}')`;
}

/** Start of the running transaction, which is not later than its snapshot. */
export const SNAPSHOT_TIME = timeText('SYSDATE');

/** The source's clock, and whether the views show us everybody's statements. */
export const CLOCK_SQL = `SELECT ${SNAPSHOT_TIME},CASE WHEN u.superuser OR u.syslog_access = 'UNRESTRICTED' THEN '1' ELSE '0' END FROM svv_user_info u WHERE u.user_name = current_user`;

/** Transactions that hold a lock on a relation: one that has written and not ended is among them. */
export const OPEN_TRANSACTIONS_SQL =
  "SELECT DISTINCT CAST(t.xid AS VARCHAR(20)) FROM svv_transactions t WHERE t.lockable_object_type = 'relation'";

/** A later statement's own time: everything read before it was read before that. GETDATE() has whole seconds. */
export const READ_CLOCK_SQL = `SELECT ${timeText('DATEADD(second,1,GETDATE())')}`;

interface Window {
  from: SourceTime;
  to: SourceTime;
}

function literal(time: SourceTime): string {
  if (!isSourceTime(time)) throw new LakehaulError('INTERNAL', 'a window of the write log has no end');
  return `'${time}'::timestamp`;
}

/** By the end of the statement, so that each falls in one window. What failed was rolled back. */
function endedIn({ from, to }: Window): string {
  return `h.end_time >= ${literal(from)} AND h.end_time < ${literal(to)} AND TRIM(h.status) NOT IN ('failed','canceled')`;
}

function ids(values: readonly string[]): string {
  if (values.some((value) => !/^\d{1,19}$/.test(value))) throw new LakehaulError('INTERNAL', 'an id is no number');
  return values.join(',');
}

/** table, transaction, kind, statements, first start, last end */
export function writesSql(window: Window, tableIds: readonly string[]): string {
  const table = 'CAST(d.table_id AS VARCHAR(20))';
  const transaction = 'CAST(h.transaction_id AS VARCHAR(20))';
  const kind = 'TRIM(h.query_type)';
  return `SELECT ${table},${transaction},${kind},CAST(COUNT(DISTINCT h.query_id) AS VARCHAR(20)),${timeText('MIN(h.start_time)')},${timeText('MAX(h.end_time)')} FROM sys_query_history h JOIN sys_query_detail d ON d.query_id = h.query_id WHERE d.step_name IN ('insert','delete') AND ${endedIn(window)} AND d.table_id IN (${ids(tableIds)}) GROUP BY ${table},${transaction},${kind}`;
}

/** oid, schema, name of those of the tables that are there: a swap by rename leaves the old one unwritten for ever. */
export function namesSql(tableIds: readonly string[]): string {
  return `SELECT CAST(CAST(c.oid AS BIGINT) AS VARCHAR(20)),n.nspname,c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid IN (${ids(tableIds)})`;
}

/** transaction, kind, start, end, text, query id: among these are statements that write without a step of their own. */
export function stepLessSql(window: Window): string {
  return `SELECT CAST(h.transaction_id AS VARCHAR(20)),TRIM(h.query_type),${timeText('h.start_time')},${timeText('h.end_time')},h.query_text,CAST(h.query_id AS VARCHAR(20)) FROM sys_query_history h WHERE ${endedIn(window)} AND TRIM(h.query_type) NOT IN ('SELECT','UNLOAD','INSERT','UPDATE','DELETE','COPY') AND h.query_text NOT LIKE 'SET %'`;
}

/** transaction, how it ended, end of its commit */
export function outcomesSql(transactionIds: readonly string[]): string {
  return `SELECT CAST(x.transaction_id AS VARCHAR(20)),TRIM(x.status),${timeText('x.commit_end_time')} FROM sys_transaction_history x WHERE x.transaction_id IN (${ids(transactionIds)})`;
}
