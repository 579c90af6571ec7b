import { describe, expect, it } from 'vitest';
import { type ConfigTable, configTableText, mustReadConfig, readConfig } from './config-table.ts';

const TABLE = {
  httpPort: { env: 'LAKEHAUL_HTTP_PORT', type: 'integer', default: '9464', max: 65_535, doc: 'Port of /metrics.' },
  logLevel: { env: 'LAKEHAUL_LOG_LEVEL', type: ['info', 'warn'], default: 'info', doc: 'From here on.' },
  name: { env: 'LAKEHAUL_NAME', type: 'text', doc: 'Name of it.' },
  isDry: { env: 'LAKEHAUL_DRY', type: 'boolean', default: 'false', doc: 'Change nothing.' },
  cache: { env: 'LAKEHAUL_CACHE', type: 'sizeBytes', default: '64MiB', doc: 'How much.' },
  tick: { env: 'LAKEHAUL_TICK', type: 'durationMs', default: '500ms', doc: 'How often.' },
  redisUrl: { env: 'LAKEHAUL_REDIS_URL', type: 'text', default: null, secret: true, doc: 'The store.' },
} as const satisfies ConfigTable;

const files: Record<string, string> = { '/run/redis': 'redis://:pw@host\n' };
const readFile = (path: string) => {
  const text = files[path];
  if (text === undefined) throw new Error('ENOENT');
  return text;
};
const read = (env: Record<string, string>) => readConfig({ table: TABLE, env, readFile });

describe('a service’s settings', () => {
  it('come with types, defaults and units', () => {
    const config = mustReadConfig({
      table: TABLE,
      env: { LAKEHAUL_NAME: 'a', LAKEHAUL_TICK: '2s', PATH: '/bin' },
      readFile,
    });
    const typed: { httpPort: number; logLevel: 'info' | 'warn'; cache: bigint; tick: number; isDry: boolean } = config;
    expect(typed).toMatchObject({
      httpPort: 9464,
      logLevel: 'info',
      cache: 64n * 1024n ** 2n,
      tick: 2_000,
      isDry: false,
    });
    expect(config.redisUrl).toBeNull();
  });

  it('all mistakes are told of at once, unknown names with what was meant', () => {
    expect(
      read({
        LAKEHAUL_HTTP_PORT: '99999',
        LAKEHAUL_LOG_LEVEL: 'loud',
        LAKEHAUL_DRY: 'yes',
        LAKEHAUL_CACHE: '1.5GiB',
        LAKEHAUL_TICK: '5',
        LAKEHAUL_TICKS: '5s',
      }),
    ).toEqual({
      problems: [
        'LAKEHAUL_TICKS is not known; did you mean LAKEHAUL_TICK?',
        'LAKEHAUL_HTTP_PORT is not a whole number from 0 to 65535',
        'LAKEHAUL_LOG_LEVEL is not one of info, warn',
        'LAKEHAUL_NAME is missing: Name of it.',
        'LAKEHAUL_DRY is not true or false',
        expect.stringContaining('LAKEHAUL_CACHE is not a whole number with B'),
        expect.stringContaining('LAKEHAUL_TICK is not a whole number with ms'),
      ],
    });
  });

  it('a secret comes from the variable or from a file, never from both, and is not printed', () => {
    const fromFile = mustReadConfig({
      table: TABLE,
      env: { LAKEHAUL_NAME: 'a', LAKEHAUL_REDIS_URL_FILE: '/run/redis' },
      readFile,
    });
    expect(fromFile.redisUrl?.reveal()).toBe('redis://:pw@host');
    expect(
      JSON.stringify(fromFile, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
    ).not.toContain('pw');
    expect(read({ LAKEHAUL_NAME: 'a', LAKEHAUL_REDIS_URL: 'x', LAKEHAUL_REDIS_URL_FILE: '/run/redis' })).toEqual({
      problems: ['LAKEHAUL_REDIS_URL and LAKEHAUL_REDIS_URL_FILE are both set'],
    });
    expect(read({ LAKEHAUL_NAME: 'a', LAKEHAUL_REDIS_URL_FILE: '/none' })).toEqual({
      problems: ['LAKEHAUL_REDIS_URL_FILE: /none cannot be read'],
    });
  });

  it('names that others in the process read are no mistake', () => {
    const env = { LAKEHAUL_NAME: 'a', LAKEHAUL_TARGET_TOKEN: 't' };
    expect(readConfig({ table: TABLE, env, readFile, alsoKnown: ['LAKEHAUL_TARGET_TOKEN'] })).toHaveProperty('config');
    expect(() => mustReadConfig({ table: TABLE, env, readFile })).toThrow('LAKEHAUL_TARGET_TOKEN is not known');
  });

  it('the table prints', () => {
    expect(configTableText(TABLE)).toMatchInlineSnapshot(`
      "LAKEHAUL_HTTP_PORT  integer, default 9464
          Port of /metrics.
      LAKEHAUL_LOG_LEVEL  info | warn, default info
          From here on.
      LAKEHAUL_NAME  text, required
          Name of it.
      LAKEHAUL_DRY  boolean, default false
          Change nothing.
      LAKEHAUL_CACHE  sizeBytes, default 64MiB
          How much.
      LAKEHAUL_TICK  durationMs, default 500ms
          How often.
      LAKEHAUL_REDIS_URL  text, optional, secret (or LAKEHAUL_REDIS_URL_FILE)
          The store."
    `);
  });
});
