import { LakehaulError, must } from '@lakehaul/core';
import type { SourceClock, SourceWrite, TransactionOutcome, WriteSample, WriteSampleRequest } from '../ports.ts';
import type { Statements } from './statements.ts';
import {
  CLOCK_SQL,
  namesSql,
  OPEN_TRANSACTIONS_SQL,
  outcomesSql,
  READ_CLOCK_SQL,
  stepLessSql,
  writesSql,
} from './write-history-sql.ts';

type Row = readonly (string | null)[];

/**
 * SYS_QUERY_HISTORY.query_text is character(4000) (developer guide). Blanks at the end of a CHAR may be cut off before we
 * see them, hence a little less.
 */
const QUERY_TEXT_MAX = 3_900;

/** Room for the ids of one IN list in a statement of 100 KB. */
const IDS_MAX = 4_000;

export async function sourceClock(statements: Statements): Promise<SourceClock> {
  const [rows = []] = await statements.query('clock', [CLOCK_SQL]);
  const [now, seesAll] = must(rows[0], 'row of the own user in svv_user_info');
  return { now: must(now, 'time of the source'), seesAllStatements: seesAll === '1' };
}

export function renderWriteSample(request: WriteSampleRequest): string[] {
  const ids = request.tables.map((table) => table.oid);
  // In this order: a transaction that the first answer does not name had ended before anything else was read.
  return [
    OPEN_TRANSACTIONS_SQL,
    ...inLists(ids).map((part) => writesSql(request, part)),
    ...inLists(ids).map(namesSql),
    stepLessSql(request),
    READ_CLOCK_SQL,
  ];
}

export async function sampleWrites(statements: Statements, request: WriteSampleRequest): Promise<WriteSample> {
  const answers = await statements.query('writes', renderWriteSample(request));
  const open = new Set((answers[0] ?? []).map((row) => row[0] ?? ''));
  const lists = inLists(request.tables).length;
  const writes = [
    ...answers.slice(1, 1 + lists).flatMap((rows) => rows.map(stepWrite)),
    ...(answers.at(-2) ?? []).flatMap((row) => textWrites(row, request)),
  ];
  const transactionIds = [...new Set([...writes.map((write) => write.transactionId), ...request.pending])];
  const outcomes = await readOutcomes(statements, transactionIds);
  return {
    readAt: must(answers.at(-1)?.[0]?.[0], 'time after the reading'),
    writes,
    open: transactionIds.filter((id) => open.has(id)),
    displaced: displaced(request, answers.slice(1 + lists, -2).flat()),
    outcomes: outcomes ?? new Map(),
    outcomesReadable: outcomes !== null,
  };
}

/** Null where the view may not be read: whoever asks has to do with less. */
async function readOutcomes(
  statements: Statements,
  transactionIds: readonly string[],
): Promise<WriteSample['outcomes'] | null> {
  if (transactionIds.length === 0) return new Map();
  try {
    const answers = await statements.query('outcomes', inLists(transactionIds).map(outcomesSql));
    return new Map(answers.flat().flatMap(outcomeOf));
  } catch (error) {
    if (error instanceof LakehaulError && (error.code === 'PERMISSION_DENIED' || error.code === 'TABLE_MISSING'))
      return null;
    throw error;
  }
}

/** Documented are committed and rolledback (SYS_TRANSACTION_HISTORY). Anything else is no reason to leave a write out. */
function outcomeOf([id, status, committedAt]: Row): [string, TransactionOutcome][] {
  if (status === 'committed') return [[id ?? '', { kind: 'committed', at: committedAt ?? null }]];
  return status === 'rolledback' ? [[id ?? '', { kind: 'rolled-back' }]] : [];
}

function stepWrite([oid, transactionId, kind, statements, firstAt, lastAt]: Row): SourceWrite {
  return {
    oid: must(oid, 'table of a write'),
    transactionId: must(transactionId, 'transaction of a write'),
    kind: (kind ?? '').toLowerCase(),
    statements: Number(statements),
    firstAt: must(firstAt, 'start of a write'),
    lastAt: must(lastAt, 'end of a write'),
    knownFrom: 'steps',
  };
}

/** Tables that are gone, or whose name another table has: `oid, schema, name` as the catalogue tells now. */
function displaced(request: WriteSampleRequest, names: readonly Row[]): string[] {
  const now = new Map(names.map(([oid, schema, table]) => [oid, JSON.stringify([schema, table])]));
  return request.tables
    .filter(({ oid, schema, table }) => now.get(oid) !== JSON.stringify([schema, table]))
    .map(({ oid }) => oid);
}

/**
 * Which of our tables the text names, in any spelling: naming one too many costs a probe, missing one would cost a row.
 * The text itself may hold values and goes no further.
 */
function textWrites(
  [transactionId, kind, firstAt, lastAt, text, queryId]: Row,
  request: WriteSampleRequest,
): SourceWrite[] {
  const said = (text ?? '').toLowerCase().replaceAll('""', '"');
  const isCut = (text ?? '').length >= QUERY_TEXT_MAX;
  if (!said.includes('truncate') && !said.includes('append') && !(isCut && isAllComment(said))) return [];
  // What the rest of the text names nobody can say: any table, until a probe has looked.
  const cut = isCut ? ` in the cut text of query ${queryId}` : '';
  return request.tables
    .filter((table) => isCut || said.includes(table.table.toLowerCase()))
    .map((table) => ({
      oid: table.oid,
      transactionId: must(transactionId, 'transaction of a write'),
      kind: `${isCut || said.includes('truncate') ? 'truncate' : (kind ?? '').toLowerCase()}${cut}`,
      statements: 1,
      firstAt: must(firstAt, 'start of a write'),
      lastAt: must(lastAt, 'end of a write'),
      knownFrom: 'text' as const,
    }));
}

/** Nothing but comments: what the statement is comes after the cut. */
function isAllComment(said: string): boolean {
  const bare = said.replaceAll(/--[^\n]*(\n|$)/g, ' ').replaceAll(/\/\*[\s\S]*?\*\//g, ' ');
  return /^\s*(\/\*|$)/.test(bare);
}

function inLists<T>(values: readonly T[]): T[][] {
  const lists: T[][] = [];
  for (let start = 0; start < values.length; start += IDS_MAX) lists.push(values.slice(start, start + IDS_MAX));
  return lists;
}
