/**
 * Every call that leaves the process goes through `outside(point, call)`: time-outs, retries by disposition, metrics,
 * traces and injected faults live there, once. The type is here so that adapters depend on nothing but core; the
 * implementation is runtime's.
 */
export type OutsidePoint = `${'s3' | 'redshift' | 'databricks' | 'queue' | 'oidc' | 'notify'}.${string}`;

export interface OutsideOptions {
  /** May the call be repeated after a failure or a lost answer without harm? Default false. */
  isIdempotent?: boolean;
  timeoutMs?: number;
  signal?: AbortSignal;
}

export type Outside = <T>(
  point: OutsidePoint,
  call: (signal: AbortSignal) => Promise<T>,
  options?: OutsideOptions,
) => Promise<T>;

/** Injected, never imported: tests run on a fake one. */
export interface Clock {
  nowMs(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Injected randomness: nonces, instance ids, jitter. */
export interface Ids {
  uuid(): string;
  /** 0 <= x < 1 */
  random(): number;
}

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  with(fields: LogFields): Log;
}

export type LogFields = Readonly<
  Record<string, string | number | boolean | bigint | null | undefined | readonly string[]>
>;
