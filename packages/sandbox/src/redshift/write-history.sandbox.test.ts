import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestRedshift, type TestRedshift } from './test-redshift.ts';

let redshift: TestRedshift;
beforeAll(async () => {
  redshift = await startTestRedshift();
  await redshift.batch(['CREATE TABLE public.w (id integer, name varchar(10))']);
});
afterAll(() => redshift[Symbol.asyncDispose]());

const WRITES = `SELECT d.step_name, d.table_name, h.query_type, t.status, t.commit_end_time >= h.end_time
  FROM sys_query_detail d JOIN sys_query_history h ON h.query_id = d.query_id
  LEFT JOIN sys_transaction_history t ON t.transaction_id = h.transaction_id
  WHERE d.step_name IN ('insert', 'delete') ORDER BY d.query_id, d.step_name`;

it('tells what was written, by which statement, and how its transaction ended', async () => {
  await redshift.batch(["INSERT INTO public.w VALUES (1, 'a')", "UPDATE public.w SET name = 'b'"]);
  await redshift.failure('DELETE FROM public.w WHERE id = 1 / 0');
  await redshift.batch(['DELETE FROM public.w', 'SELECT 1 / 0']).catch(() => undefined);
  expect(await redshift.query(WRITES)).toEqual([
    ['insert', 'w', 'INSERT', 'committed', 'true'],
    ['delete', 'w', 'UPDATE', 'committed', 'true'],
    ['insert', 'w', 'UPDATE', 'committed', 'true'],
    ['delete', 'w', 'DELETE', 'rolledback', null],
  ]);
  expect(await redshift.query('SELECT xid FROM svv_transactions')).toEqual([]);
});

it('a transaction that has written and not ended holds a lock, and SYSDATE is its start', async () => {
  const rows = await redshift.query(
    "SELECT sysdate <= getdate() + INTERVAL '1 second' AND date_trunc('second', getdate()) = getdate()",
  );
  expect(rows).toEqual([['true']]);
  const result = await redshift.batch([
    "INSERT INTO public.w VALUES (2, 'c')",
    "SELECT count(*) FROM svv_transactions WHERE relation = (SELECT oid FROM pg_class WHERE relname = 'w')",
  ]);
  expect(result.Status).toBe('FINISHED');
});

it('lags, forgets after its retention, and shows a restricted user only what is his', async () => {
  const { switches } = redshift.server;
  await redshift.batch(["INSERT INTO public.w VALUES (3, 'd')"], { DbUser: 'other' });
  const mine = "SELECT count(*) FROM sys_query_detail WHERE table_name = 'w'";
  const all = Number((await redshift.query(mine))[0]?.[0]);
  switches.historyLagMs = 60_000;
  expect(await redshift.query(mine)).toEqual([['0']]);
  switches.historyLagMs = 0;
  switches.restrictedUsers = ['IAM:sandbox'];
  expect(await redshift.query(mine)).toEqual([[String(all - 1)]]);
  expect(await redshift.query('SELECT superuser, syslog_access FROM svv_user_info')).toEqual([['false', 'RESTRICTED']]);
  switches.restrictedUsers = [];
  switches.transactionHistoryUsers = [];
  expect(await redshift.failure('SELECT * FROM sys_transaction_history')).toContain('permission denied');
  switches.transactionHistoryUsers = null;
  switches.timeOffsetMs = 8 * 24 * 3_600_000;
  expect(await redshift.query(mine)).toEqual([['0']]);
});
