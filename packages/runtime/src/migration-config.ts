/** lakehaul.yaml: read, checked as a whole, every problem at once with its line and column. */
import { readFileSync } from 'node:fs';
import { type CutLine, LakehaulError, type ProofLevel } from '@lakehaul/core';
import type { z } from 'zod';
import { nearest } from './did-you-mean.ts';
import { brokenRules, isSecretKey } from './migration-rules.ts';
import { MIGRATION_SCHEMA, type MigrationFile } from './migration-schema.ts';
import { tracesUrl } from './schema/tracing.ts';
import { Secret } from './secret.ts';
import { type Path, YamlPlaces } from './yaml-places.ts';

export interface ConfigTableDefaults {
  key: string | null;
  cutLine: CutLine | null;
  chunkBytes: bigint;
  level: ProofLevel;
  sampleEvery: number;
  acknowledge: readonly string[];
  priority: number;
  target: { schema: string; table: string } | null;
  super: 'string' | 'variant';
}

export type TargetAuth =
  | { kind: 'token'; token: Secret }
  | { kind: 'oauth-m2m'; clientId: string; clientSecret: Secret };

/** One that is told. Its secrets are read when they are used. */
export interface NotifyReceiver {
  name: string;
  shape: 'generic' | 'slack' | 'pagerduty';
  minSeverity: 'info' | 'warning' | 'critical';
  url: Secret;
  /** Of PagerDuty only. */
  routingKey: Secret;
}

type Section<Name extends keyof MigrationFile> = MigrationFile[Name];

/** What lakehaul.yaml says, with defaults filled in, units resolved and secrets attached. */
export interface MigrationConfig {
  migration: string;
  source: Section<'source'>;
  staging: Omit<Section<'staging'>, 'graceHours'> & { graceMs: number };
  ledger: Omit<Section<'ledger'>, 'diffDays'> & { diffMs: number };
  target: Omit<Section<'target'>, 'auth'> & { auth: TargetAuth };
  queue: Section<'queue'>;
  tables: {
    include: readonly string[];
    exclude: readonly string[];
    defaults: ConfigTableDefaults;
    overrides: Section<'tables'>['overrides'];
  };
  limits: readonly { pattern: string; max: number }[];
  statements: Section<'statements'>;
  attempts: Section<'attempts'>;
  audit: Section<'audit'> & {
    /** Of the private key; null: this process seals nothing. */
    sealKeyFile: string | null;
  };
  drift: Section<'drift'>;
  watch: Section<'watch'>;
  throttle: Section<'throttle'>;
  calibration: Section<'calibration'>;
  services: Section<'services'>;
  control: Section<'control'>;
  forecast: Section<'forecast'>;
  prices: Section<'prices'>;
  tracing: Omit<Section<'tracing'>, 'endpoint'> & {
    /** With its path; null: nothing is traced. */
    url: string | null;
  };
  notify: Omit<Section<'notify'>, 'receivers'> & { receivers: readonly NotifyReceiver[] };
}

export interface ConfigProblem {
  /** Of the field, `tables.overrides[2].key`; empty for the file as a whole. */
  path: string;
  line: number;
  column: number;
  message: string;
  next: string;
}

export interface LoadRequest {
  path: string;
  text: string;
  env: Readonly<Record<string, string | undefined>>;
}

/** Reads nothing but the text and, when it is used, the file of a secret. */
export function loadMigrationConfig(request: LoadRequest): { config: MigrationConfig } | { problems: ConfigProblem[] } {
  const places = new YamlPlaces(request.text);
  const problems: ConfigProblem[] = places.syntaxErrors.map(({ line, column, message }) => ({
    path: '',
    line,
    column,
    message,
    next: 'see yaml.org',
  }));
  if (places.syntaxErrors.some((error) => error.isFatal)) return { problems };
  const parsed = MIGRATION_SCHEMA.safeParse(places.value ?? {}, { reportInput: true });
  for (const issue of parsed.error?.issues ?? []) problems.push(...problemsOf(issue, places));
  for (const breach of brokenRules(places.value)) {
    const key = String(breach.path.at(-1));
    const place = breach.isKey === true ? places.ofKey(breach.path.slice(0, -1), key) : places.of(breach.path);
    problems.push({ path: pathText(breach.path), ...place, message: breach.message, next: breach.next });
  }
  if (parsed.data !== undefined && problems.length === 0) return { config: finish(parsed.data, request.env) };
  return { problems: problems.sort((a, b) => a.line - b.line || a.column - b.column) };
}

type Issue = z.core.$ZodIssue;

function problemsOf(issue: Issue, places: YamlPlaces): ConfigProblem[] {
  const path = issue.path.filter((part) => typeof part !== 'symbol');
  if (issue.code === 'unrecognized_keys')
    return (
      issue.keys
        // Told of as a secret already, and better.
        .filter((key) => !isSecretKey(key))
        .map((key) => {
          const known = fieldNames(path);
          const meant = nearest(key, known);
          return {
            path: pathText([...path, key]),
            ...places.ofKey(path, key),
            message: `${key} is not known here`,
            next: meant === null ? `known are ${known.join(', ')}` : `did you mean ${meant}?`,
          };
        })
    );
  return [{ path: pathText(path), ...places.of(path), ...wordsOf(issue) }];
}

function wordsOf(issue: Issue): { message: string; next: string } {
  const next = 'see lakehaul config reference';
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return { message: 'is missing', next: 'add it' };
      return { message: `is not ${TYPE_WORDS[issue.expected] ?? issue.expected}`, next };
    case 'invalid_union':
      if (issue.input === undefined) return { message: 'is missing', next: 'add it' };
      return { message: 'is not a text or a number', next };
    case 'invalid_value':
      if (issue.input === undefined) return { message: 'is missing', next: `one of ${issue.values.join(', ')}` };
      return { message: `is not one of ${issue.values.join(', ')}`, next: meantAmong(issue) };
    case 'too_small': {
      const isText = issue.origin === 'string' || issue.origin === 'array';
      return { message: isText ? 'is empty' : `is below ${issue.minimum}`, next };
    }
    case 'too_big':
      return { message: `is above ${issue.maximum}`, next };
    default:
      return { message: issue.message, next };
  }
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a text (numbers and true/false need quotes here)',
  int: 'a whole number',
  number: 'a number',
  object: 'a map of fields',
  array: 'a list',
};

function meantAmong(issue: Issue & { code: 'invalid_value' }): string {
  const meant = typeof issue.input === 'string' ? nearest(issue.input, issue.values.map(String)) : null;
  return meant === null ? 'see lakehaul config reference' : `did you mean ${meant}?`;
}

/** Names of the fields at a path of the schema. */
function fieldNames(path: Path): string[] {
  let schema: z.core.$ZodType = MIGRATION_SCHEMA;
  for (const part of path) schema = bare(typeof part === 'number' ? elementOf(schema) : fieldOf(schema, part));
  return Object.keys((bare(schema) as z.ZodObject).shape ?? {});
}

function fieldOf(schema: z.core.$ZodType, name: string): z.core.$ZodType {
  return ((bare(schema) as z.ZodObject).shape as Record<string, z.core.$ZodType>)[name] ?? schema;
}

function elementOf(schema: z.core.$ZodType): z.core.$ZodType {
  return (bare(schema) as z.ZodArray).element;
}

/** Without the wrappers for defaults and optional fields. */
export function bare(schema: z.core.$ZodType): z.core.$ZodType {
  const inner = (schema._zod.def as { innerType?: z.core.$ZodType }).innerType;
  return inner === undefined ? schema : bare(inner);
}

function pathText(path: Path): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');
}

function finish(file: MigrationFile, env: LoadRequest['env']): MigrationConfig {
  const { graceHours, ...staging } = file.staging;
  const { diffDays, ...ledger } = file.ledger;
  const { endpoint, ...tracing } = file.tracing;
  return {
    ...file,
    staging: { ...staging, graceMs: Math.round(graceHours * 3_600_000) },
    ledger: { ...ledger, diffMs: Math.round(diffDays * 86_400_000) },
    tracing: { ...tracing, url: tracesUrl(endpoint, env) },
    audit: { ...file.audit, sealKeyFile: env['LAKEHAUL_SEAL_KEY_FILE'] || null },
    target: { ...file.target, auth: authOf(file.target.auth, env) },
    notify: { ...file.notify, receivers: file.notify.receivers.map((each) => receiverOf(each, env)) },
    tables: {
      ...file.tables,
      defaults: { ...file.tables.defaults, key: null, cutLine: null, acknowledge: [], target: null },
    },
  };
}

function authOf(auth: MigrationFile['target']['auth'], env: LoadRequest['env']): TargetAuth {
  if (auth.kind === 'token') return { kind: 'token', token: secretFrom('LAKEHAUL_TARGET_TOKEN', env) };
  const clientSecret = secretFrom('LAKEHAUL_TARGET_CLIENT_SECRET', env);
  return { kind: 'oauth-m2m', clientId: auth.clientId ?? '', clientSecret };
}

const PAGERDUTY_URL = 'https://events.pagerduty.com/v2/enqueue';

function receiverOf(receiver: Section<'notify'>['receivers'][number], env: LoadRequest['env']): NotifyReceiver {
  const { name, shape, minSeverity, urlEnv, urlFile, routingKeyEnv, routingKeyFile, url = PAGERDUTY_URL } = receiver;
  const secret = (variable: string | undefined, file: string | undefined) =>
    new Secret(() => namedSecret(name, variable, file, env));
  return {
    ...{ name, shape, minSeverity },
    url: shape === 'pagerduty' ? new Secret(url) : secret(urlEnv, urlFile),
    routingKey: secret(routingKeyEnv, routingKeyFile),
  };
}

function namedSecret(
  receiver: string,
  variable: string | undefined,
  file: string | undefined,
  env: LoadRequest['env'],
): string {
  const value = variable === undefined ? undefined : env[variable];
  if (value !== undefined && value !== '') return value;
  const refuse = (why: string, cause?: unknown) =>
    new LakehaulError('CREDENTIALS_REJECTED', `receiver ${receiver}: ${why}`, { where: 'notify.receivers', cause });
  if (file === undefined) throw refuse(`the variable ${variable ?? ''} is not set`);
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw refuse(`${file} cannot be read`, cause);
  }
}

/** Read when it is used: `config check` needs no secrets, and a rotated file is seen by the next login. */
function secretFrom(name: string, env: LoadRequest['env']): Secret {
  return new Secret(() => {
    const [direct, file] = [env[name], env[`${name}_FILE`]];
    const refuse = (why: string, cause?: unknown) =>
      new LakehaulError('CREDENTIALS_REJECTED', why, { where: name, next: `set ${name} or ${name}_FILE`, cause });
    if (direct !== undefined && file !== undefined) throw refuse(`${name} and ${name}_FILE are both set`);
    if (direct !== undefined && direct !== '') return direct;
    if (file === undefined) throw refuse(`${name} is not set`);
    try {
      return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    } catch (cause) {
      throw refuse(`${name}_FILE: ${file} cannot be read`, cause);
    }
  });
}
