/**
 * Prometheus' own judgement: PROMTOOL and AMTOOL name the programs, else PATH. Where one is missing the tests are counted
 * as skipped and say why; in CI, or when the variable is set, they fail.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMetrics } from '@lakehaul/runtime';
import { describe, expect, it, type TestContext } from 'vitest';
import { everyExpression } from './deployed.ts';
import { withoutMacros } from './promql.ts';

const DEPLOY = join(import.meta.dirname, '../../deploy');
const PROMETHEUS = join(DEPLOY, 'prometheus');

function run(tool: 'promtool' | 'amtool', args: string[], context: TestContext, cwd = PROMETHEUS, input = '') {
  const program = process.env[tool.toUpperCase()];
  const result = spawnSync(program ?? tool, args, { cwd, input, encoding: 'utf8' });
  if (result.error !== undefined) {
    const why = `${tool} is missing (Debian: prometheus, prometheus-alertmanager): the rules were NOT checked by it`;
    if (program !== undefined || process.env['CI'] !== undefined) throw new Error(why, { cause: result.error });
    console.warn(why);
    context.skip(why);
  }
  return { status: result.status, output: `${result.stdout}${result.stderr}` };
}

describe('what Prometheus says', () => {
  it('rules, configuration and routing are valid', (context) => {
    const rules = run('promtool', ['check', 'rules', 'recording-rules.yml', 'alerts.yml'], context);
    expect(rules.output).not.toContain('FAILED');
    expect(rules.status, rules.output).toBe(0);
    const config = run('promtool', ['check', 'config', 'prometheus.yml'], context);
    expect(config.status, config.output).toBe(0);
    const routing = run('amtool', ['check-config', '../alertmanager/alertmanager.yml'], context);
    expect(routing.status, routing.output).toBe(0);
  });

  it('parses every query of the dashboards too, and would not if one were wrong', (context) => {
    const directory = mkdtempSync(join(tmpdir(), 'lakehaul-queries-'));
    try {
      const check = (queries: readonly string[]) => {
        const rules = queries.map((query, at) => ({ record: `lakehaul:query:${at}`, expr: withoutMacros(query) }));
        // JSON is YAML.
        writeFileSync(join(directory, 'queries.yml'), JSON.stringify({ groups: [{ name: 'queries', rules }] }));
        return run('promtool', ['check', 'rules', 'queries.yml'], context, directory);
      };
      const queries = everyExpression().map(({ expr }) => expr);
      expect(queries.length).toBeGreaterThan(80);
      const all = check(queries);
      expect(all.status, all.output).toBe(0);
      expect(all.output).toContain(`SUCCESS: ${queries.length} rules found`);
      expect(check([...queries, 'rate(lakehaul_slots)']).status).toBe(1);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('every alert rings in its case and stays silent in its twin', (context) => {
    const cases = run('promtool', ['test', 'rules', 'alerts_test.yml'], context);
    expect(cases.status, cases.output).toBe(0);
  });

  it('an alert with its condition turned round fails its cases', (context) => {
    const directory = mkdtempSync(join(tmpdir(), 'lakehaul-rules-'));
    try {
      cpSync(PROMETHEUS, directory, { recursive: true });
      const alerts = readFileSync(join(directory, 'alerts.yml'), 'utf8');
      const planted = alerts.replace(
        'max(lakehaul_ledger_unaccounted_objects) > 0',
        'max(lakehaul_ledger_unaccounted_objects) < 0',
      );
      expect(planted).not.toBe(alerts);
      writeFileSync(join(directory, 'alerts.yml'), planted);
      // Only its own two cases: the long ones take seconds.
      const cases = readFileSync(join(directory, 'alerts_test.yml'), 'utf8').split('  - name: ');
      const own = cases.filter((text, at) => at === 0 || text.startsWith('LakehaulLedgerUnaccounted'));
      expect(own).toHaveLength(3);
      writeFileSync(join(directory, 'alerts_test.yml'), own.join('  - name: '));
      expect(run('promtool', ['test', 'rules', 'alerts_test.yml'], context, directory).status).toBe(1);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('the registry that every service renders passes the lint', async (context) => {
    const checked = run('promtool', ['check', 'metrics'], context, PROMETHEUS, await createMetrics().text());
    expect(checked).toEqual({ status: 0, output: '' });
  });
});
