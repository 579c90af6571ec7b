/** GET /api/2.0/sql/history/queries: what ran and what became of it, newest first, page by page. */
import { Buffer } from 'node:buffer';
import type { Statement, Warehouse } from './warehouse.ts';

const PAGE_DEFAULT = 100;
const PAGE_MAX = 999;

const STATUSES = {
  QUEUED: 'QUEUED',
  RUNNING: 'RUNNING',
  FINISHED: 'FINISHED',
  FAILED: 'FAILED',
  TIMEDOUT: 'FAILED',
  CANCELED: 'CANCELED',
} as const;

interface FilterBy {
  statement_ids?: string[];
  warehouse_ids?: string[];
  statuses?: string[];
  query_start_time_range?: { start_time_ms?: string | number; end_time_ms?: string | number };
}

export function historyPage(
  context: { warehouse: Warehouse; warehouseId: string; user: string },
  request: Record<string, unknown>,
): unknown {
  const filter = (request['filter_by'] ?? {}) as FilterBy;
  const size = Math.min(PAGE_MAX, Number(request['max_results'] ?? PAGE_DEFAULT));
  const includeMetrics = String(request['include_metrics']) === 'true';
  const before = decodeToken(request['page_token']);
  const all = context.warehouse.all();
  const found: { statement: Statement; index: number }[] = [];
  let index = Math.min(before ?? all.length, all.length) - 1;
  for (; index >= 0 && found.length < size; index -= 1) {
    const statement = all[index];
    if (statement && matches(statement, filter, context.warehouseId)) found.push({ statement, index });
  }
  const last = found.at(-1);
  const hasNext = last !== undefined && index >= 0;
  return {
    res: found.map(({ statement }) => describe(statement, context, includeMetrics)),
    has_next_page: hasNext,
    ...(hasNext ? { next_page_token: encodeToken(last.index) } : {}),
  };
}

function matches(statement: Statement, filter: FilterBy, warehouseId: string): boolean {
  if (filter.statement_ids && !filter.statement_ids.includes(statement.id)) return false;
  if (filter.warehouse_ids && !filter.warehouse_ids.includes(warehouseId)) return false;
  if (filter.statuses && !filter.statuses.includes(STATUSES[statement.state])) return false;
  const { start_time_ms: from, end_time_ms: to } = filter.query_start_time_range ?? {};
  if (from !== undefined && statement.submittedMs < Number(from)) return false;
  return to === undefined || statement.submittedMs <= Number(to);
}

function describe(
  statement: Statement,
  context: { warehouseId: string; user: string },
  includeMetrics: boolean,
): Record<string, unknown> {
  const { startedMs, endedMs, submittedMs, outcome, error } = statement;
  return {
    query_id: statement.id,
    status: STATUSES[statement.state],
    query_text: statement.text,
    query_start_time_ms: submittedMs,
    ...(endedMs === null ? {} : { execution_end_time_ms: endedMs, query_end_time_ms: endedMs }),
    duration: (endedMs ?? Date.now()) - submittedMs,
    user_id: 1,
    user_name: statement.session.user,
    executed_as_user_name: statement.session.user,
    endpoint_id: context.warehouseId,
    warehouse_id: context.warehouseId,
    statement_type: statementType(statement.text),
    session_id: statement.session.id,
    is_final: endedMs !== null,
    rows_produced: outcome?.result.rowCount ?? 0,
    ...(statement.queryTags === '' ? {} : { query_tags: statement.queryTags }),
    ...(error ? { error_message: error.message } : {}),
    ...(includeMetrics
      ? {
          metrics: {
            total_time_ms: (endedMs ?? Date.now()) - submittedMs,
            compilation_time_ms: 0,
            execution_time_ms: (endedMs ?? Date.now()) - (startedMs ?? endedMs ?? Date.now()),
            ...(startedMs === null ? { overloading_queue_start_timestamp: submittedMs } : {}),
            rows_produced_count: outcome?.result.rowCount ?? 0,
            rows_read_count: Number(outcome?.rowsRead ?? 0n),
            result_from_cache: false,
          },
        }
      : {}),
  };
}

function statementType(text: string): string {
  const bare = text.replace(/^(?:\s+|\/\*[\s\S]*?\*\/|--[^\n]*\n)+/, '');
  const word = /^[a-z]+/i.exec(bare)?.[0]?.toUpperCase() ?? 'OTHER';
  return word === 'WITH' ? 'SELECT' : word;
}

function encodeToken(index: number): string {
  return Buffer.from(`before:${index}`).toString('base64url');
}

function decodeToken(token: unknown): number | null {
  if (typeof token !== 'string' || token === '') return null;
  const parts = /^before:(\d+)$/.exec(Buffer.from(token, 'base64url').toString('utf8'));
  return parts ? Number(parts[1]) : null;
}
