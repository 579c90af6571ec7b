import { SqlError } from './sql-error.ts';

/**
 * The only settings that a SQL warehouse takes (allow-lists in Databricks' own JDBC and Python drivers); everything else
 * is refused, as there.
 */
const DEFAULTS: Readonly<Record<string, string>> = {
  ANSI_MODE: 'true',
  ENABLE_PHOTON: 'true',
  LEGACY_TIME_PARSER_POLICY: 'EXCEPTION',
  MAX_FILE_PARTITION_BYTES: '128m',
  QUERY_TAGS: '',
  READ_ONLY_EXTERNAL_METASTORE: 'false',
  STATEMENT_TIMEOUT: '172800',
  TIMEZONE: 'UTC',
  USE_CACHED_RESULT: 'true',
};

export interface Session {
  id: string;
  user: string;
  catalog: string;
  schema: string;
  settings: Map<string, string>;
}

export function newSettings(configuration: Readonly<Record<string, string>>): Map<string, string> {
  const settings = new Map(Object.entries(DEFAULTS));
  for (const [name, value] of Object.entries(configuration)) setSetting(settings, name, value);
  return settings;
}

export function setSetting(settings: Map<string, string>, name: string, value: string): void {
  const key = name.toUpperCase();
  if (!(key in DEFAULTS))
    throw new SqlError('CONFIG_NOT_AVAILABLE', '42K0I', `Configuration ${name} is not available.`);
  if (key === 'STATEMENT_TIMEOUT' && !/^\d{1,9}$/.test(value)) throw invalid(name);
  if (key === 'ANSI_MODE' || key === 'USE_CACHED_RESULT') {
    if (!/^(true|false)$/i.test(value)) throw invalid(name);
    // Without ANSI mode casts answer NULL instead of failing; DuckDB cannot do that faithfully for all expressions.
    if (key === 'ANSI_MODE' && value.toLowerCase() === 'false')
      throw new SqlError('SANDBOX_UNSUPPORTED', '0A000', 'This warehouse runs with ANSI_MODE = true only.');
  }
  if (key === 'TIMEZONE' && !/^(UTC|Etc\/UTC|GMT|Z|\+00:00)$/i.test(value))
    throw new SqlError('SANDBOX_UNSUPPORTED', '0A000', 'This warehouse runs with TIMEZONE = UTC only.');
  settings.set(key, value);
}

export function resetSetting(settings: Map<string, string>, name: string): void {
  const key = name.toUpperCase();
  setSetting(settings, key, DEFAULTS[key] ?? '');
}

/** 0 = none. */
export function statementTimeoutMs(session: Session): number {
  return Number(session.settings.get('STATEMENT_TIMEOUT') ?? '0') * 1000;
}

function invalid(name: string): SqlError {
  return new SqlError('INVALID_CONF_VALUE', '22022', `The value of the configuration ${name} is not valid.`);
}
