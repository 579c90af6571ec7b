/** Statements that put staged rows under one lineage value, or take a chunk's rows away. Pure text. */
import { LakehaulError, LINEAGE_COLUMN, lineageOf, lineageRange } from '@lakehaul/core';
import type { LoadRequest } from '../ports.ts';
import { movedWithPosition } from '../redshift/wire.ts';
import { quoteName, quoteTable, tagComment, textLiteral } from './identifier.ts';
import { rebuildSql } from './rebuild.ts';

/** COPY INTO takes at most this many names (facts 5.1). */
const MAX_FILES = 1_000;

/** The default is LEGACY, which would shift old dates (facts 2.3); our timestamps travel as integers, DATE does not. */
const REBASE = "'datetimeRebaseMode' = 'CORRECTED', 'int96RebaseMode' = 'CORRECTED'";

/** COPY INTO of exactly the files; each statement is idempotent per file while the table lives. */
export function copyStatements(request: LoadRequest): string[] {
  const { plan, fileNames } = request;
  if (fileNames.length === 0) throw new LakehaulError('INTERNAL', 'a COPY of no files would load the whole directory');
  const columns = [
    `${lineageInTime(request)} AS ${quoteName(LINEAGE_COLUMN)}`,
    ...movedWithPosition(plan).map((column) => `${rebuildSql(column)} AS ${quoteName(column.plan.target.name)}`),
  ];
  const statements: string[] = [];
  for (let from = 0; from < fileNames.length; from += MAX_FILES) {
    const files = fileNames.slice(from, from + MAX_FILES).map(textLiteral);
    statements.push(
      `${tagComment(request.statementTag)}
COPY INTO ${quoteTable(plan.target)}
FROM (SELECT ${columns.join(', ')} FROM ${textLiteral(directory(request.dataUrl))})
FILEFORMAT = PARQUET
FILES = (${files.join(', ')})
FORMAT_OPTIONS (${REBASE})
COPY_OPTIONS ('force' = 'false', 'mergeSchema' = 'false')`,
    );
  }
  return statements;
}

/** Whatever any attempt of the chunk wrote is replaced by these files' rows, in one commit. */
export function replaceStatement(request: LoadRequest): string {
  const { plan, fileNames, dataUrl } = request;
  const columns = movedWithPosition(plan);
  const names = [LINEAGE_COLUMN, ...columns.map((column) => column.plan.target.name)].map(quoteName);
  const values = [lineageInTime(request), ...columns.map((column) => rebuildSql(column, 's'))];
  return `${tagComment(request.statementTag)}
INSERT INTO ${quoteTable(plan.target)} (${names.join(', ')})
REPLACE WHERE ${lineageCondition(request.chunk)}
SELECT ${values.join(', ')}
FROM ${stagedFiles(dataUrl, fileNames)} AS s`;
}

export function deleteStatement(request: Omit<LoadRequest, 'dataUrl' | 'fileNames'>): string {
  return `${tagComment(request.statementTag)}
DELETE FROM ${quoteTable(request.plan.target)} WHERE ${lineageCondition(request.chunk)} AND ${isInTime(request)}`;
}

/** In the message of a load that the engine started too late; errors.ts knows it again. */
export const STARTED_TOO_LATE = 'LAKEHAUL_STARTED_TOO_LATE';

/**
 * The engine's own clock, once a statement (current_timestamp is one value within it): the only look that no suspended
 * process and no slow network can fall behind.
 */
function isInTime({ startBeforeMs }: Pick<LoadRequest, 'startBeforeMs'>): string {
  return `unix_micros(current_timestamp()) < ${BigInt(Math.floor(startBeforeMs)) * 1_000n}`;
}

/**
 * The lineage value, or the end of the statement. COPY INTO takes no WHERE, so the condition is in the value; raise_error
 * is never folded away and runs only for rows (apache/spark misc.scala, RaiseError).
 */
function lineageInTime(request: LoadRequest): string {
  return bigintInTime(lineageOf(request.chunk, request.attempt), request.startBeforeMs);
}

/** The number, for a statement that begins in time. */
export function bigintInTime(value: bigint, startBeforeMs: number): string {
  return `CASE WHEN ${isInTime({ startBeforeMs })} THEN CAST(${value} AS BIGINT) ELSE CAST(raise_error('${STARTED_TOO_LATE}') AS BIGINT) END`;
}

/** What the dry run prints and the run sends: COPY for the first attempt, REPLACE for later ones. */
export function renderLoad(request: LoadRequest): string[] {
  return request.attempt === 1 ? copyStatements(request) : [replaceStatement(request)];
}

export function lineageCondition(chunk: number): string {
  const { low, high } = lineageRange(chunk);
  return `${quoteName(LINEAGE_COLUMN)} BETWEEN ${low} AND ${high}`;
}

/**
 * The staged rows. A directory is read whole, which the caller has just compared with the manifest; files of a shared
 * scan lie in a directory of their bucket.
 */
export function stagedFiles(dataUrl: string, fileNames: readonly string[]): string {
  const [first] = fileNames;
  if (first === undefined) throw new LakehaulError('INTERNAL', 'no staged file to read');
  const folder = first.slice(0, first.lastIndexOf('/') + 1);
  if (fileNames.some((name) => name.slice(0, name.lastIndexOf('/') + 1) !== folder))
    throw new LakehaulError('INTERNAL', 'staged files of one chunk lie in several directories');
  return `read_files(${textLiteral(directory(dataUrl) + folder)}, format => 'parquet', fileNamePattern => '*.parquet')`;
}

function directory(dataUrl: string): string {
  if (!/^s3:\/\/.+\/$/.test(dataUrl)) throw new LakehaulError('INTERNAL', `${dataUrl} is no directory`);
  return dataUrl;
}
