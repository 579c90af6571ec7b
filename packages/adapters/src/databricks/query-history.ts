import { databricksMessage } from '../engine-message.ts';
import type { StatementStatus, TargetStatement } from '../ports.ts';
import { tagComment } from './identifier.ts';
import { type DatabricksOptions, warehouseIdOf } from './options.ts';
import type { Workspace } from './rest.ts';

interface HistoryEntry {
  query_id?: string;
  status?: string;
  query_text?: string;
  error_message?: string;
}

/** Fewer than 1000 a page (@databricks/sdk-experimental dist/apis/sql). */
const PAGE = 999;

function statusOf(status: string | undefined): StatementStatus {
  if (status === 'FINISHED') return 'finished';
  if (status === 'FAILED') return 'failed';
  return status === 'CANCELED' || status === 'CLOSED' ? 'aborted' : 'running';
}

/** Statements of our warehouse whose text begins with the tag. Times in the filter are the platform's; callers give slack. */
export async function findStatements(
  workspace: Workspace,
  options: Pick<DatabricksOptions, 'httpPath'>,
  tag: string,
  sinceMs: number,
): Promise<TargetStatement[]> {
  const found: TargetStatement[] = [];
  const comment = tagComment(tag);
  let pageToken: string | null = null;
  do {
    // With the filter on every page, as Databricks' own SDKs ask.
    const query = new URLSearchParams({
      max_results: String(PAGE),
      'filter_by.warehouse_ids': warehouseIdOf(options.httpPath),
      'filter_by.query_start_time_range.start_time_ms': String(Math.floor(sinceMs)),
      ...(pageToken === null ? {} : { page_token: pageToken }),
    });
    const answer: Record<string, unknown> = await workspace.get(
      'databricks.history',
      '/api/2.0/sql/history/queries',
      query,
    );
    for (const entry of (answer['res'] ?? []) as HistoryEntry[]) {
      if (entry.query_text?.trimStart().startsWith(comment) !== true) continue;
      found.push({
        statementId: entry.query_id ?? '',
        statementTag: tag,
        status: statusOf(entry.status),
        error:
          entry.error_message === undefined || entry.error_message === ''
            ? null
            : databricksMessage(entry.error_message),
      });
    }
    pageToken = answer['has_next_page'] === true ? String(answer['next_page_token'] ?? '') || null : null;
  } while (pageToken !== null);
  return found;
}

/** One page is enough: far fewer are a queue already. Those of the last day, since the page is ordered by start. */
export async function queuedStatements(
  workspace: Workspace,
  options: Pick<DatabricksOptions, 'httpPath'>,
  nowMs: number,
): Promise<number> {
  const query = new URLSearchParams({
    max_results: String(PAGE),
    'filter_by.warehouse_ids': warehouseIdOf(options.httpPath),
    'filter_by.statuses': 'QUEUED',
    'filter_by.query_start_time_range.start_time_ms': String(nowMs - 86_400_000),
  });
  const answer = await workspace.get('databricks.history', '/api/2.0/sql/history/queries', query);
  return ((answer['res'] ?? []) as HistoryEntry[]).length;
}
