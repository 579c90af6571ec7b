/**
 * What may leave the house in a support bundle. Nothing is searched for and struck out: a field goes through because it is
 * on one of these lists and looks as it should; everything else is left out, also what later versions will write. So no
 * row value, key literal, token or free text of an engine can pass, wherever it stands.
 */
import { createHmac, randomBytes } from 'node:crypto';

/** Words from our own lists: stages, levels … */
const WORDS = new Set(
  'kind level stage step cause operation rowCountFrom proof hashForm loss super queueStore region'.split(' '),
);
const WORD = /^[a-z][a-z0-9-]{1,40}$/;
const CODE = /^[A-Z][A-Z0-9_]{1,40}$/;
const CODES = new Set(['code', 'verdict', 'evidence']);
/** Counts, sizes and versions as decimal text. */
const NUMBERS = new Set(
  (
    'rows bytes chunks rowCount sizeBytes stagedBytes manifestRowCount transaction manifest load target targetVersion ' +
    'missingRows extraRows changedRows estimatedRows estimatedBytes wantedChunkBytes chunkBytes oid'
  ).split(' '),
);
const NUMBER = /^-?\d{1,30}$/;
const TIMES = new Set(['at', 'observedAt', 'plannedAt', 'lastModified']);
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
/** By which a platform's own support finds the statement. */
const IDS = new Set(['statementId', 'statementIds', 'sourceQueryIds']);
const ID = /^[0-9a-fA-F-]{6,64}$|^\d+$/;
/** Names of things, not what is in them, by where they stand. Hashed with --hash-names. */
const NAMES = {
  config: new Set(
    'migration database catalog schema table include exclude match pattern acknowledge key column'.split(' '),
  ),
  status: new Set(['migration', 'table', 'tableId']),
  receipt: new Set(['differingColumns.name']),
} as const;
/** Objects that are looked into. */
const STRUCTURES = new Set(
  (
    'body by rowCounts files differingColumns tables stages totals decision reasons sealFaults columns source target parts ' +
    'definition trail state config staging ledger auth queue defaults overrides cutLine limits statements attempts services'
  ).split(' '),
);
export const LEFT_OUT = '[left out]';

export class Redactor {
  readonly #hashesNames: boolean;
  // Equal names are equal within one bundle, and nobody can look a hash up.
  readonly #secret = randomBytes(32);

  constructor(options: { hashesNames: boolean }) {
    this.#hashesNames = options.hashesNames;
  }

  /** Of a table, column, schema: as it is unless --hash-names. */
  name(text: string): string {
    return this.#hashesNames ? this.hidden(text) : text;
  }

  /** A host, bucket, account: never as it is, but the same one is the same. */
  hidden(text: string): string {
    return `#${createHmac('sha256', this.#secret).update(text).digest('hex').slice(0, 12)}`;
  }

  /** The value with everything left out that is on no list. */
  redact(value: unknown, from: keyof typeof NAMES, path: readonly string[] = []): unknown {
    if (value === null || value === undefined) return null;
    if (typeof value === 'number' || typeof value === 'boolean') return value;
    if (typeof value === 'bigint') return value.toString();
    if (typeof value === 'string') return this.#text(value, from, path);
    if (Array.isArray(value)) return value.map((each) => this.redact(each, from, path));
    if (path.length > 0 && !STRUCTURES.has(path.at(-1) ?? '')) return LEFT_OUT;
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, this.redact(each, from, [...path, key])]),
    );
  }

  #text(text: string, from: keyof typeof NAMES, path: readonly string[]): string {
    const field = path.at(-1) ?? '';
    const passes =
      (WORDS.has(field) && WORD.test(text)) ||
      (CODES.has(field) && CODE.test(text)) ||
      (NUMBERS.has(field) && NUMBER.test(text)) ||
      (TIMES.has(field) && TIME.test(text)) ||
      (IDS.has(field) && ID.test(text));
    if (passes) return text;
    const names: ReadonlySet<string> = NAMES[from];
    return names.has(field) || names.has(path.slice(-2).join('.')) ? this.name(text) : LEFT_OUT;
  }
}

/**
 * Which of the engines' error classes a message names. The classes are their vocabulary (Databricks error conditions,
 * SQLSTATE), so they carry no value; the message itself stays at home.
 */
export function errorClasses(message: string): string[] {
  const classes = message.match(
    /\b(?:DELTA|COPY_INTO|CAST|NUMERIC|ARITHMETIC|DIVIDE|DATATYPE|UNRESOLVED|INVALID|INSUFFICIENT|CONCURRENT|FAILED|SCHEMA|TABLE)_[A-Z_]+\b/g,
  );
  const states = message.match(/\bSQLSTATE:? ?[0-9A-Z]{5}\b/g);
  return [...new Set([...(classes ?? []), ...(states ?? [])])].sort();
}
