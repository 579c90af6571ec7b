import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_CODES } from '@lakehaul/core';
import { METRICS, type MetricEntry } from '@lakehaul/runtime';
import { describe, expect, it } from 'vitest';

const DEPLOY = join(import.meta.dirname, '../../deploy');
const read = (path: string): string => readFileSync(join(DEPLOY, path), 'utf8');
const rules = `${read('prometheus/recording-rules.yml')}\n${read('prometheus/alerts.yml')}`;
const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map((match) => match[1] ?? '');
const entries: Record<string, MetricEntry> = METRICS;

/** What an expression names that nobody exports: metrics, and labels in selectors. */
function unknownNames(text: string): string[] {
  const wrong: string[] = [];
  for (const [, name = '', selector = ''] of text.matchAll(/\b(lakehaul_\w+)(?:\{([^}]*)\})?/g)) {
    const entry = entries[name] ?? entries[name.replace(/_(count|sum|bucket)$/, '')];
    if (entry === undefined) wrong.push(name);
    for (const [, label = ''] of selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g))
      if (entry !== undefined && !entry.labels.includes(label)) wrong.push(`${name}{${label}}`);
  }
  return wrong;
}

describe('rules and alerts', () => {
  it('name only metrics and labels of the table', () => {
    expect(unknownNames(rules)).toEqual([]);
  });

  it('a misspelt metric and a label that it does not have are found', () => {
    expect(unknownNames('rate(lakehaul_moved_byte_total[5m]) > lakehaul_slots{stage="x"}')).toEqual([
      'lakehaul_moved_byte_total',
      'lakehaul_slots{stage}',
    ]);
  });

  it('every runbook_url begins with the one place that a user sets', () => {
    const urls = [...rules.matchAll(/runbook_url: '([^']*)'/g)].map(([, url = '']) => url);
    expect(urls).toEqual(
      alerts.map(
        (alert) =>
          `{{ with $externalLabels.runbook_base }}{{ . }}{{ else }}deploy/runbook{{ end }}/alerts.md#${alert.toLowerCase()}`,
      ),
    );
    expect(read('prometheus/prometheus.yml')).toContain('external_labels: { runbook_base: deploy/runbook }');
    expect(read('runbook/alerts.md')).toContain('global.external_labels.runbook_base');
  });

  it('error codes in them exist', () => {
    const codes = [...rules.matchAll(/\bcode=~?"([^"]+)"/g)].flatMap((match) => (match[1] ?? '').split('|'));
    expect(codes.length).toBeGreaterThan(0);
    for (const code of codes) expect(ERROR_CODES).toHaveProperty(code);
  });

  it.each(alerts)('%s has a page section, and a case that rings and one that does not', (alert) => {
    expect(read('runbook/alerts.md')).toContain(`\n## ${alert}\n`);
    expect(rules).toContain(`/alerts.md#${alert.toLowerCase()}'`);
    const cases = read('prometheus/alerts_test.yml');
    for (const end of ['rings', 'stays silent']) expect(cases).toContain(`- name: ${alert} ${end}\n`);
  });
});
