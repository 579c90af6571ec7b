/**
 * COPY INTO (docs.databricks delta-copy-into): files that were loaded before are skipped by their path, even if they have
 * changed since; what was loaded is known per table and becomes so only with the commit that adds the rows.
 */

import type { Table } from '../delta/metastore.ts';
import { literal } from '../delta/quote.ts';
import type { Snapshot } from '../delta/snapshot.ts';
import { type WrittenFiles, writeFiles } from '../delta/write-files.ts';
import { type CopyInto, type EmittedQuery, emitQuery, type Query, type SelectItem, type Source } from '../sql/index.ts';
import { assignColumns } from './assign-columns.ts';
import { addActions, writeInto } from './rewrite.ts';
import { affected, type CommitRequest, commit, commitInfo, faultPoint, filesKey, needTable, type Run } from './run.ts';
import { emitOptions } from './scope.ts';
import { SqlError } from './sql-error.ts';
import { describePaths, globToRegExp, listDataKeys } from './staged-files.ts';
import type { Outcome } from './warehouse.ts';

/** Databricks' limit of names in FILES. */
const FILES_MAX = 1_000;

export async function copyInto(run: Run, body: CopyInto): Promise<Outcome> {
  checkOptions(body);
  const target = await needTable(run, body.table);
  await faultPoint(run, 'databricks.copy.begin');
  const force = body.copyOptions['force']?.toLowerCase() === 'true';
  const chosen = chooseFiles(run, body);
  const fresh = force ? chosen : chosen.filter((file) => !target.table.log.hasLoaded(file.url));
  if (fresh.length === 0) return loaded(0n);
  const emitted = await emitLoad(run, body, fresh);
  const select = assignColumns({
    emitted,
    target: target.snapshot.columns,
    columns: body.columns,
    // Parquet is matched by name; a column list names the query's columns by position.
    by: body.columns ? 'position' : 'name',
    mismatch: (message) => new SqlError('COPY_INTO_SCHEMA_MISMATCH_WITH_TARGET_TABLE', '42KDG', message),
  });
  const written = await writeFiles({ ...writeInto(run, target), select });
  return commitCopy({ run, target, written, urls: fresh.map((file) => file.url), force });
}

async function commitCopy(copy: {
  run: Run;
  target: { table: Table; snapshot: Snapshot };
  written: WrittenFiles;
  urls: string[];
  force: boolean;
}): Promise<Outcome> {
  const { run, target, written, urls } = copy;
  const request: CommitRequest = {
    run,
    ...target,
    point: 'databricks.copy.commit',
    operation: 'COPY INTO',
    parameters: { statsOnLoad: 'false' },
    metrics: {
      numFiles: String(written.adds.length),
      numOutputRows: written.rowCount.toString(),
      numOutputBytes: String(written.sizeBytes),
      numSkippedCorruptFiles: '0',
    },
    actions: addActions(written.adds),
    isBlindAppend: true,
  };
  try {
    await commit({
      ...request,
      transaction: {
        copiedUrls: urls,
        // Asked with every try to commit, so two COPYs of the same files can never both add them.
        build: ({ hasLoaded }) => {
          if (!copy.force && urls.some(hasLoaded)) throw new DuplicatedFiles();
          return [{ commitInfo: commitInfo(request) }, ...request.actions];
        },
      },
    });
  } catch (error) {
    await discard(copy.run, target.table, written);
    if (error instanceof DuplicatedFiles && run.switches.racingCopy === 'zero-rows') return loaded(0n);
    throw error;
  }
  return loaded(written.rowCount);
}

class DuplicatedFiles extends SqlError {
  constructor() {
    super(
      'COPY_INTO_DUPLICATED_FILES_COPY_NOT_ALLOWED',
      '25000',
      'Duplicated files were committed in a concurrent COPY INTO operation. Please try again later.',
    );
  }
}

async function discard(run: Run, table: Table, written: WrittenFiles): Promise<void> {
  const keys = written.adds.map((file) => table.log.keyOf(file.path));
  await run.objects.remove(table.log.location.bucket, keys);
}

interface ChosenFile {
  url: string;
  path: string;
}

function chooseFiles(run: Run, body: CopyInto): ChosenFile[] {
  const { bucket, keys, directory } = listDataKeys(run, body.source);
  const toFile = (key: string): ChosenFile | null => {
    const path = run.objects.pathOf(bucket, key);
    return path === null ? null : { url: `s3://${bucket}/${key}`, path };
  };
  if (body.files) {
    if (body.files.length > FILES_MAX)
      throw new SqlError(
        'COPY_INTO_FILES_TOO_MANY',
        '22023',
        `FILES names ${body.files.length} files; ${FILES_MAX} is the limit.`,
      );
    return [...new Set(body.files)].map((name) => {
      const file = toFile(directory + name);
      if (!file)
        throw new SqlError('PATH_NOT_FOUND', '42K03', `Path does not exist: s3://${bucket}/${directory}${name}.`);
      return file;
    });
  }
  const pattern = body.pattern === null ? null : globToRegExp(body.pattern);
  const chosen = keys.filter((key) => pattern === null || pattern.test(key.slice(directory.length)));
  if (chosen.length === 0)
    throw new SqlError(
      'COPY_INTO_SOURCE_SCHEMA_INFERENCE_FAILED',
      '42KD9',
      'The source directory did not contain any parsable files of type PARQUET. Please check the contents.',
    );
  return chosen.map(toFile).filter((file): file is ChosenFile => file !== null);
}

/** The SELECT of the COPY (or all columns) over exactly the files to load. */
async function emitLoad(run: Run, body: CopyInto, files: readonly ChosenFile[]): Promise<EmittedQuery> {
  const source: Extract<Source, { kind: 'files' }> = { kind: 'files', at: 0, format: 'parquet', path: body.source };
  const paths = files.map((file) => file.path);
  run.files.set(filesKey(source), { paths, columns: await describeOrFail(run, paths) });
  const star: SelectItem[] = [{ kind: 'star', at: 0, qualifier: null, except: [] }];
  const query: Query = {
    kind: 'query',
    at: 0,
    with: [],
    body: {
      kind: 'select',
      at: 0,
      distinct: false,
      items: body.select?.items ?? star,
      from: [{ kind: 'source', at: 0, source, alias: body.select?.sourceAlias ?? null, columnAliases: null }],
      where: body.select?.where ?? null,
      groupBy: [],
      having: null,
      qualify: null,
    },
    orderBy: [],
    limit: null,
    offset: null,
  };
  return emitQuery(query, emitOptions(run));
}

async function describeOrFail(run: Run, paths: readonly string[]): ReturnType<typeof describePaths> {
  try {
    return await describePaths(run, paths);
  } catch (error) {
    const why = error instanceof Error ? error.message.replaceAll(literal(paths[0] ?? ''), 'the first file') : '';
    throw new SqlError('COPY_INTO_SOURCE_SCHEMA_INFERENCE_FAILED', '42KD9', `No readable Parquet file: ${why}`);
  }
}

/** Options that could change what is loaded are refused unless they ask for what happens here anyway. */
function checkOptions(body: CopyInto): void {
  const refuse = (what: string): never => {
    throw new SqlError('SANDBOX_UNSUPPORTED', '0A000', `COPY INTO with ${what} is not supported.`);
  };
  if (body.fileFormat.toUpperCase() !== 'PARQUET') refuse(`FILEFORMAT = ${body.fileFormat}`);
  for (const [name, value] of Object.entries(body.formatOptions)) {
    const allowed = FORMAT_OPTIONS[name];
    if (!allowed?.test(value)) refuse(`FORMAT_OPTIONS ${name} = ${value}`);
  }
  for (const [name, value] of Object.entries(body.copyOptions)) {
    const allowed = name === 'force' ? /^(true|false)$/i : name === 'mergeschema' ? /^false$/i : null;
    if (!allowed?.test(value)) refuse(`COPY_OPTIONS ${name} = ${value}`);
  }
}

const FORMAT_OPTIONS: Readonly<Record<string, RegExp>> = {
  datetimerebasemode: /^(CORRECTED|EXCEPTION)$/i,
  int96rebasemode: /^(CORRECTED|EXCEPTION)$/i,
  mergeschema: /^false$/i,
  ignorecorruptfiles: /^false$/i,
  ignoremissingfiles: /^false$/i,
  recursivefilelookup: /^(true|false)$/i,
};

function loaded(rowCount: bigint): Outcome {
  return affected(
    [
      ['num_affected_rows', rowCount],
      ['num_inserted_rows', rowCount],
      ['num_skipped_corrupt_files', 0n],
    ],
    rowCount,
  );
}
