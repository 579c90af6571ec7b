/** Files of the staging bucket that a statement reads in place: parquet.`s3://…` and read_files('s3://…'). */
import { literal } from '../delta/quote.ts';
import type { Source } from '../sql/index.ts';
import type { Run, StagedFiles } from './run.ts';
import { SqlError } from './sql-error.ts';

export function parseUrl(url: string): { bucket: string; key: string } {
  const parts = /^s3[an]?:\/\/([^/]+)\/?(.*)$/s.exec(url);
  if (!parts) throw new SqlError('UC_INVALID_PATH', '22KD1', `Only s3:// paths can be read: ${url}.`);
  return { bucket: parts[1] ?? '', key: parts[2] ?? '' };
}

/** Databricks globs over names: `*`, `?`, `[a-c]`, `{x,y}`. */
export function globToRegExp(glob: string): RegExp {
  let depth = 0;
  const body = glob.replace(/\*|\?|\[[^\]]*\]|[{},]|[.+^$()|\\/]/g, (token) => {
    if (token === '*') return '[^/]*';
    if (token === '?') return '[^/]';
    if (token === '{') depth += 1;
    if (token === '{') return '(?:';
    if (token === '}') depth -= 1;
    if (token === '}') return ')';
    if (token === ',') return depth > 0 ? '|' : ',';
    return token.startsWith('[') ? token : `\\${token}`;
  });
  return new RegExp(`^${body}$`, 'u');
}

/** Keys of data files below a directory, or the one file itself. Names with a leading _ or . are hidden, as in Spark. */
export function listDataKeys(run: Run, url: string): { bucket: string; keys: string[]; directory: string } {
  const { bucket, key } = parseUrl(url);
  if (!run.objects.bucketExists(bucket))
    throw new SqlError('UC_CLOUD_STORAGE_ACCESS_FAILURE', '42501', `The bucket ${bucket} does not exist.`);
  if (key !== '' && !key.endsWith('/') && run.objects.pathOf(bucket, key) !== null)
    return { bucket, keys: [key], directory: key.slice(0, key.lastIndexOf('/') + 1) };
  const glob = /[*?[{]/.test(key);
  const directory = glob ? key.slice(0, key.slice(0, key.search(/[*?[{]/)).lastIndexOf('/') + 1) : withSlash(key);
  const pattern = glob ? globToRegExp(key) : null;
  const keys = run.objects
    .list(bucket, directory)
    .map((object) => object.key)
    .filter((found) => !found.endsWith('/') && !isHidden(found.slice(directory.length)))
    .filter((found) => pattern === null || pattern.test(found));
  return { bucket, keys, directory };
}

function withSlash(key: string): string {
  return key === '' || key.endsWith('/') ? key : `${key}/`;
}

function isHidden(name: string): boolean {
  return name.split('/').some((part) => /^[_.]/.test(part));
}

export async function describeStagedFiles(run: Run, source: Exclude<Source, { kind: 'table' }>): Promise<StagedFiles> {
  const options = source.kind === 'read-files' ? source.options : { format: source.format };
  const { format = '', filenamepattern, pathglobfilter, ...others } = options;
  if (format.toLowerCase() !== 'parquet')
    throw new SqlError(
      'SANDBOX_UNSUPPORTED',
      '0A000',
      `Only Parquet files can be read, not ${format || 'any format'}.`,
    );
  for (const name of Object.keys(others)) {
    if (!HARMLESS_OPTIONS.has(name))
      throw new SqlError('SANDBOX_UNSUPPORTED', '0A000', `read_files option ${name} is not supported.`);
  }
  const { bucket, keys } = listDataKeys(run, source.path);
  const glob = filenamepattern ?? pathglobfilter;
  const pattern = glob === undefined ? null : globToRegExp(glob);
  const chosen = keys.filter((key) => pattern === null || pattern.test(key.slice(key.lastIndexOf('/') + 1)));
  if (chosen.length === 0) throw new SqlError('PATH_NOT_FOUND', '42K03', `Path does not exist: ${source.path}.`);
  const paths = chosen.map((key) => run.objects.pathOf(bucket, key)).filter((path): path is string => path !== null);
  return { paths, columns: await describePaths(run, paths) };
}

/** Options that cannot change what lakehaul's own wire types give: timestamps travel as integers. */
const HARMLESS_OPTIONS = new Set([
  'datetimerebasemode',
  'int96rebasemode',
  'mergeschema',
  'ignorecorruptfiles',
  'ignoremissingfiles',
  'recursivefilelookup',
  'schemaevolutionmode',
]);

export async function describePaths(run: Run, paths: readonly string[]): Promise<StagedFiles['columns']> {
  const [first] = paths;
  if (first === undefined) return [];
  const reader = await run.connection.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet([${literal(first)}])`);
  return reader.getRowsJson().map((row) => ({ name: String(row[0]), duckdbType: String(row[1]) }));
}
