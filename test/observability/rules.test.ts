import { ERROR_CODES } from '@lakehaul/core';
import { describe, expect, it } from 'vitest';
import { alertRules, everyExpression, readDeploy as read, recordingRules, shapeOf } from './deployed.ts';
import { readPromql } from './promql.ts';

const rules = `${read('prometheus/recording-rules.yml')}\n${read('prometheus/alerts.yml')}`;
const alerts = alertRules.map(({ alert }) => alert);

const problemsOf = (expr: string): readonly string[] => readPromql(expr, shapeOf).problems;

describe('rules and alerts', () => {
  it('parse, and name only metrics, labels and records that exist', () => {
    const found = [...recordingRules, ...alertRules].flatMap(({ expr }) => problemsOf(expr));
    expect(found).toEqual([]);
    expect(recordingRules.length).toBeGreaterThan(0);
    expect(alertRules.every(({ alert }) => alert !== '')).toBe(true);
  });

  it.each([
    ['rate(lakehaul_moved_byte_total[5m]) > 0', ['lakehaul_moved_byte_total']],
    ['lakehaul_slots{stage="x"}', ['lakehaul_slots{stage}']],
    ['lakehaul:moved_bytes:rate2h > 0', ['lakehaul:moved_bytes:rate2h']],
    ['sum by (code) (lakehaul:moved_bytes:rate1h)', ['no label code to group by']],
    ['max(lakehaul_pauses) > 0 and on (step) lakehaul_slots', ['no label step on both sides to match by']],
    ['lakehaul_slots * on (job, instance) group_left (name) lakehaul_build_info', ['no label name to take over']],
    ['increase(lakehaul_pauses[1h]) > 0', ['increase of lakehaul_pauses, which is no counter']],
    ['sum(lakehaul_slots', ['does not parse at character 18']],
    ['lakehaul_slots[5m]', ['lakehaul_slots[5m] is a range']],
  ])('in %s the mistake is found', (expr, problems) => {
    expect(problemsOf(expr)).toEqual(problems);
  });

  it('an annotation quotes labels that the alert has', () => {
    const wrong = alertRules.flatMap(({ alert, expr, annotations }) => {
      const { labels } = readPromql(expr, shapeOf);
      const quoted = Object.values(annotations).flatMap((text) => [...text.matchAll(/\$labels\.(\w+)/g)]);
      return quoted.filter(([, label = '']) => labels?.has(label) !== true).map(([text]) => `${alert}: ${text}`);
    });
    expect(wrong).toEqual([]);
    expect(readPromql('sum by (step) (lakehaul_slots)', shapeOf).labels).toEqual(new Set(['step']));
  });

  it('rules, alerts and dashboards are all read', () => {
    const places = everyExpression().map(({ where }) => where);
    expect(places).toEqual(expect.arrayContaining(['LakehaulQueueStuck', 'lakehaul-fleet: Bytes moved']));
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
