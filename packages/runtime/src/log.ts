/** JSON lines: one object a line, constant messages, values in fields, context bound once by `with`. */
import { type Clock, LakehaulError, type Log, type LogFields } from '@lakehaul/core';
import { Secret } from './secret.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export interface LogOptions {
  /** Gets one line, without its end. */
  write: (line: string) => void;
  level: LogLevel;
  clock: Pick<Clock, 'nowMs'>;
  /** Bound to every line: service, instance, version, migration. */
  fields?: LogFields;
  /** A secret in a field throws instead of being redacted: set in tests, so that it is found there. */
  isStrict?: boolean;
}

export function createLog(options: LogOptions): Log {
  const threshold = LEVELS.indexOf(options.level);
  const line = (level: LogLevel, bound: LogFields, message: string, fields: LogFields) =>
    JSON.stringify({
      at: new Date(options.clock.nowMs()).toISOString(),
      level,
      message,
      ...printable({ ...bound, ...fields }, options.isStrict === true),
    });
  const bind = (bound: LogFields): Log => {
    const at = (level: LogLevel) => {
      if (LEVELS.indexOf(level) < threshold) return () => undefined;
      return (message: string, fields: LogFields = {}) => options.write(line(level, bound, message, fields));
    };
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      with: (fields) => bind({ ...bound, ...fields }),
    };
  };
  return bind(options.fields ?? {});
}

/** For tests and for tools that say nothing. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => silentLog,
};

/** Names that belong to the line itself; a field of that name would hide them. */
const RESERVED = new Set(['at', 'level', 'message']);

function printable(fields: LogFields, isStrict: boolean): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  // The type of LogFields has no secrets, but a cast or a JavaScript caller may bring one.
  for (const [name, value] of Object.entries(fields as Record<string, unknown>)) {
    if (value === undefined) continue;
    if (value instanceof Secret && isStrict) throw new LakehaulError('INTERNAL', `log field ${name} is a secret`);
    out[RESERVED.has(name) ? `${name}_` : name] =
      typeof value === 'bigint' || value instanceof Secret ? value.toString() : value;
  }
  return out;
}
