/** What a verb of the command is: its help is data, so that all of them read alike. */
import { type ErrorCode, LakehaulError } from '@lakehaul/core';
import type { JsonOutput } from './json/common.ts';
import type { Terminal } from './print/terminal.ts';

export interface Flag {
  name: string;
  /** Shown as `--name VALUE`; absent for a switch. */
  value?: string;
  doc: string;
  default?: string;
  /** Variable of the environment that comes before the default. */
  env?: string;
}

export interface Verb {
  name: string;
  /** `[object]` part of the usage line; how many operands the verb takes follows from it (see run-command.ts). */
  operands: string;
  summary: string;
  example: string;
  flags: readonly Flag[];
  /** What `--json` prints, one entry a document; docs/json-output.md is written from these. */
  json?: readonly JsonOutput[];
  /** Sub-commands, for the listing in the help. */
  details?: readonly string[];
  run: (call: VerbCall) => Promise<number>;
}

export interface VerbCall {
  operands: readonly string[];
  flags: Readonly<Record<string, string | boolean | undefined>>;
  terminal: Terminal;
  env: Readonly<Record<string, string | undefined>>;
  /** Aborted by the first Ctrl-C: drain. */
  signal: AbortSignal;
  /** Absent when nobody is there to answer. */
  ask?: (question: string) => Promise<string>;
}

/** 0 done, 1 failed, 2 usage, 3 refused by a rule, 4 not proven. */
export const EXIT = { done: 0, failed: 1, usage: 2, refused: 3, notProven: 4 } as const;

export const COMMON_FLAGS: readonly Flag[] = [
  {
    ...{ name: 'config', value: 'FILE', doc: 'the migration’s configuration' },
    ...{ env: 'LAKEHAUL_CONFIG', default: 'lakehaul.yaml' },
  },
  { name: 'json', doc: 'print one JSON document on stdout' },
  { name: 'help', doc: 'print this text' },
];

const REFUSED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'TABLE_MISSING',
  'NOT_A_TABLE',
  'ROW_SECURITY',
  'ROW_FILTER',
  'LOSS_NOT_ACKNOWLEDGED',
  'AMPLIFICATION_NOT_ACKNOWLEDGED',
  'KEY_UNUSABLE',
  'TARGET_INCOMPATIBLE',
  'TARGET_NOT_OURS',
  'TARGET_NOT_ACKNOWLEDGED',
  'STATEMENT_TOO_LONG',
  'WRITE_LOG_BLIND',
  'PROBE_IMPOSSIBLE',
  'GENERATION_CLOSED',
  'SOURCE_SCHEMA_CHANGED',
  'LEDGER_CONFLICT',
  'SEAL_KEY_UNUSABLE',
  'SEAL_FOREIGN',
  'ANCHORS_LOST',
  'REDIS_MISSING',
  'CHUNK_NOT_QUARANTINED',
  'SCHEMA_DRIFT',
  'SYSTEMIC_CAUSE',
  // The platforms' own refusals: nothing can be done before a person has mended them.
  'CREDENTIALS_REJECTED',
  'PERMISSION_DENIED',
  'BUCKET_MISSING',
]);

export function exitCodeOf(code: ErrorCode): number {
  if (code === 'USAGE' || code === 'CONFIG_INVALID') return EXIT.usage;
  return REFUSED.has(code) ? EXIT.refused : EXIT.failed;
}

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export function logLevel(flag: unknown): (typeof LOG_LEVELS)[number] {
  const level = LOG_LEVELS.find((known) => known === flag);
  if (level === undefined)
    throw new LakehaulError('USAGE', `--log ${String(flag)} is no level`, { next: `one of ${LOG_LEVELS.join(', ')}` });
  return level;
}

export function wholeNumber(name: string, flag: unknown): number {
  const text = String(flag);
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new LakehaulError('USAGE', `--${name} ${text} is no whole number from 1 on`, { next: `--${name} 1000` });
  return Number(text);
}
