import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  configSchema,
  configSchemaText,
  loadMigrationConfig,
  parseDurationMs,
  parseSizeBytes,
} from '@lakehaul/runtime';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { runCommand } from '../../packages/cli/src/run-command.ts';
import { sandboxConfig } from '../../packages/cli/src/sandbox/config-text.ts';
import { DURATION_PATTERN, SIZE_PATTERN } from '../../packages/runtime/src/units.ts';

const EXAMPLE = readFileSync(join(import.meta.dirname, '../../lakehaul.example.yaml'), 'utf8');
const SANDBOX = sandboxConfig({
  migration: 'sandbox',
  endpoints: {
    redshift: 'http://127.0.0.1:9001',
    s3: 'http://127.0.0.1:9002',
    admin: 'http://127.0.0.1:9004',
    databricks: { host: 'localhost', port: 9003, httpPath: '/sql/1.0/warehouses/sandbox', caPem: '' },
  },
  caFile: '/home/me/.lakehaul/sandbox/ca.pem',
  tables: { include: ['*.*'] },
  anchorFile: '/home/me/.lakehaul/sandbox/anchors.jsonl',
});

const isValid = new Ajv({ strict: true, allowUnionTypes: true }).compile(configSchema());

/** Of the file as it stands: what the schema says, and what we say. */
function verdicts(text: string): { schema: boolean; ours: boolean } {
  return {
    schema: isValid(parse(text)),
    ours: 'config' in loadMigrationConfig({ path: 'lakehaul.yaml', text, env: { LAKEHAUL_TARGET_TOKEN: 'x' } }),
  };
}

/** [what is wrong, what stands in the example, what is written instead]. */
const BAD: [string, string, string][] = [
  ['an unknown section', 'queue:\n', 'queues: {}\nqueue:\n'],
  ['an unknown field deep inside', '  graceHours: 72', '  graceHour: 72'],
  ['a missing field', '  database: analytics\n', ''],
  ['a word that is none of them', 'level: sampled', 'level: some'],
  ['a size without a known unit', 'chunkBytes: 48GiB', 'chunkBytes: 48Gib'],
  ['a size with a fraction', 'chunkBytes: 48GiB', 'chunkBytes: 1.5GiB'],
  ['a size of nothing', 'chunkBytes: 48GiB', 'chunkBytes: 0'],
  ['a duration in words', 'sourceTimeoutMs: 6h', 'sourceTimeoutMs: 6 hours'],
  ['a duration without a unit, as text', 'targetTimeoutMs: 6h', "targetTimeoutMs: '6'"],
  ['a duration before now', 'everyMs: 1m', 'everyMs: -1'],
  ['a number as text', 'sampleEvery: 50', "sampleEvery: '50'"],
  ['a number that is not whole', 'unloadSlots: 8', 'unloadSlots: 8.5'],
  ['a number out of its bounds', '  max: 5\n', '  max: 0\n'],
  ['a name with capitals', 'migration: security-lake', 'migration: Security'],
  ['a host with its scheme', 'host: dbc-', 'host: https://dbc-'],
  ['a table without a schema', '    - public.*\n', '    - events\n'],
  ['an acknowledgement of nothing known', '- adopt-target', '- anything'],
  ['a limit on a step that is none', "'*::unload'", "'*::copy'"],
  ['no tables', / {4}- panther_logs\.\*\n {4}- public\.\*\n/.exec(EXAMPLE)?.[0] ?? 'not there', '    []\n'],
  ['an issuer in plain http', 'issuer: https:', 'issuer: http:'],
];

describe('the JSON Schema of lakehaul.yaml', () => {
  it('deploy/lakehaul.schema.json is what config schema prints (npx vitest run test/golden -u writes it)', async () => {
    let stdout = '';
    const status = await runCommand({
      argv: ['config', 'schema'],
      env: {},
      stdout: { write: (text) => (stdout += text) },
      stderr: { write: () => undefined },
      signal: new AbortController().signal,
    });
    expect([status, stdout]).toEqual([0, configSchemaText()]);
    await expect(configSchemaText()).toMatchFileSnapshot('../../deploy/lakehaul.schema.json');
  });

  it('the example names it, and is valid under it', () => {
    expect(EXAMPLE.split('\n')[0]).toBe('# yaml-language-server: $schema=./deploy/lakehaul.schema.json');
    isValid(parse(EXAMPLE));
    expect(isValid.errors).toBeNull();
  });

  it('the configuration of a sandbox is valid under it', () => {
    expect(verdicts(SANDBOX)).toEqual({ schema: true, ours: true });
  });

  it.each(BAD)('%s is refused by the schema and by config check', (_, good, bad) => {
    expect(EXAMPLE.split(good).length, 'the place is in the example').toBeGreaterThan(1);
    expect(verdicts(EXAMPLE.replace(good, () => bad))).toEqual({ schema: false, ours: false });
  });

  it('every size and duration is a text of its pattern or a whole number', () => {
    const ofUnits = JSON.stringify(configSchema()).match(/"anyOf":\[\{"type":"string"[^\]]*\]/g) ?? [];
    expect(ofUnits.length).toBeGreaterThan(10);
    for (const each of ofUnits) expect(each).toMatch(/"pattern":.*"type":"integer","minimum":/);
  });

  it('the patterns of sizes and durations take what the parsers take', () => {
    const unit = fc.constantFrom('', 'B', 'KiB', 'GiB', 'kB', 'TB', 'ms', 's', 'm', 'min', 'h', 'd', 'Gib', 'x', 'hms');
    const digits = fc.stringMatching(/^-?\d{0,12}(\.\d)?$/);
    const blank = fc.constantFrom('', ' ', '\t', '\n', '\u00a0');
    fc.assert(
      fc.property(blank, digits, blank, unit, blank, (a, number, b, name, c) => {
        const text = a + number + b + name + c;
        expect(new RegExp(SIZE_PATTERN, 'u').test(text)).toBe(parseSizeBytes(text) !== null);
        const isDuration = new RegExp(DURATION_PATTERN, 'u').test(text);
        // Only a number that is too long to be exact may be taken by the pattern alone.
        if (parseDurationMs(text) !== null || number.length < 8)
          expect(isDuration).toBe(parseDurationMs(text) !== null);
      }),
    );
  });
});
