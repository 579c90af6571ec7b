/**
 * A service's settings as one table: environment only, read once in main.ts, every problem at once. What belongs to
 * the migration is in lakehaul.yaml; what belongs to the process (ports, slots, log level, secrets) is here.
 */
import { LakehaulError } from '@lakehaul/core';
import { nearest } from './did-you-mean.ts';
import { Secret } from './secret.ts';
import { DURATION_FORM, parseDurationMs, parseSizeBytes, SIZE_FORM } from './units.ts';

interface Types {
  text: string;
  integer: number;
  boolean: boolean;
  sizeBytes: bigint;
  durationMs: number;
}

export interface ConfigRow {
  env: `LAKEHAUL_${string}`;
  type: keyof Types | readonly string[];
  /** As it would stand in the environment. A row without default is required; null makes it optional. */
  default?: string | null;
  doc: string;
  /** Read as a Secret; `<env>_FILE` may name a file that holds it (its last line end is cut). */
  secret?: true;
  /** Of integers. */
  min?: number;
  max?: number;
}

export type ConfigTable = Readonly<Record<string, ConfigRow>>;

type Plain<R extends ConfigRow> = R['type'] extends keyof Types
  ? Types[R['type']]
  : R['type'] extends readonly (infer Word)[]
    ? Word
    : never;
type Value<R extends ConfigRow> =
  | (R extends { secret: true } ? Secret : Plain<R>)
  | (R extends { default: null } ? null : never);
export type ConfigOf<T extends ConfigTable> = { readonly [Name in keyof T]: Value<T[Name]> };

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ReadConfigRequest<T extends ConfigTable> {
  table: T;
  env: Environment;
  /** For `*_FILE`. */
  readFile: (path: string) => string;
  /** LAKEHAUL_* names that others in the same process read. */
  alsoKnown?: readonly string[];
}

export function readConfig<const T extends ConfigTable>(
  request: ReadConfigRequest<T>,
): { config: ConfigOf<T> } | { problems: string[] } {
  const { table, env, alsoKnown = [] } = request;
  const problems = unknownNames(table, env, alsoKnown);
  const values: Record<string, unknown> = {};
  for (const [name, row] of Object.entries(table)) {
    const given = readRow(row, request, problems);
    if (given === undefined) continue;
    if (given === null) values[name] = null;
    else if (row.secret === true) values[name] = new Secret(given);
    else {
      const parsed = parse(row, given);
      if (typeof parsed === 'object') problems.push(`${row.env} is not ${parsed.wanted}`);
      else values[name] = parsed;
    }
  }
  return problems.length > 0 ? { problems } : { config: values as ConfigOf<T> };
}

/** For main.ts: all problems in one error. */
export function mustReadConfig<const T extends ConfigTable>(request: ReadConfigRequest<T>): ConfigOf<T> {
  const result = readConfig(request);
  if ('config' in result) return result.config;
  throw new LakehaulError('CONFIG_INVALID', `the environment has mistakes: ${result.problems.join('; ')}`, {
    where: 'environment',
    next: 'mend the listed variables',
  });
}

function unknownNames(table: ConfigTable, env: Environment, alsoKnown: readonly string[]): string[] {
  const known = new Set<string>(alsoKnown);
  for (const row of Object.values(table)) {
    known.add(row.env);
    if (row.secret === true) known.add(`${row.env}_FILE`);
  }
  return Object.keys(env)
    .filter((name) => name.startsWith('LAKEHAUL_') && !known.has(name) && env[name] !== undefined)
    .map((name) => {
      const meant = nearest(name, known);
      return `${name} is not known${meant === null ? '' : `; did you mean ${meant}?`}`;
    });
}

/** The row's text; null when optional and absent; undefined when there was a problem. */
function readRow(
  row: ConfigRow,
  { env, readFile }: Pick<ReadConfigRequest<ConfigTable>, 'env' | 'readFile'>,
  problems: string[],
): string | null | undefined {
  const direct = env[row.env];
  const file = row.secret === true ? env[`${row.env}_FILE`] : undefined;
  if (direct !== undefined && file !== undefined) {
    problems.push(`${row.env} and ${row.env}_FILE are both set`);
    return undefined;
  }
  if (file !== undefined) {
    try {
      return readFile(file).replace(/\r?\n$/, '');
    } catch {
      problems.push(`${row.env}_FILE: ${file} cannot be read`);
      return undefined;
    }
  }
  const given = direct ?? row.default;
  if (given === undefined) problems.push(`${row.env} is missing: ${row.doc}`);
  return given;
}

function parse(row: ConfigRow, text: string): string | number | boolean | bigint | { wanted: string } {
  const { type } = row;
  if (typeof type !== 'string') return type.includes(text) ? text : { wanted: `one of ${type.join(', ')}` };
  switch (type) {
    case 'text':
      return text === '' ? { wanted: 'a text' } : text;
    case 'integer': {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      const { min = 0, max = Number.MAX_SAFE_INTEGER } = row;
      return value >= min && value <= max ? value : { wanted: `a whole number from ${min} to ${max}` };
    }
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : { wanted: 'true or false' };
    case 'sizeBytes':
      return parseSizeBytes(text) ?? { wanted: SIZE_FORM };
    case 'durationMs':
      return parseDurationMs(text) ?? { wanted: DURATION_FORM };
  }
}

/** The table for people: printed by `--help` of a service, golden in tests. */
export function configTableText(table: ConfigTable): string {
  return Object.values(table)
    .map((row) => {
      const type = typeof row.type === 'string' ? row.type : row.type.join(' | ');
      const fallback =
        row.default === undefined ? 'required' : row.default === null ? 'optional' : `default ${row.default}`;
      const secret = row.secret === true ? `, secret (or ${row.env}_FILE)` : '';
      return `${row.env}  ${type}, ${fallback}${secret}\n    ${row.doc}`;
    })
    .join('\n');
}
