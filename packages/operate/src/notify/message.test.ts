import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { PAGERDUTY_EVENT, SLACK_MESSAGE } from '../../../../test/support/vendor-shapes.ts';
import { type Message, messageBody } from './message.ts';

const MESSAGE: Message = {
  ...{ id: 'lakehaul/m1/notice/7', incident: 'lakehaul/m1/notice/5', migration: 'm1', at: '2026-01-02T03:04:05.000Z' },
  ...{ kind: 'table-stopped', action: 'raised', severity: 'critical' },
  summary: 'public."a<b>&c" is stopped: SCHEMA_DRIFT',
  next: 'lakehaul tables says why',
};
const key = () => 'k'.repeat(32);
const ajv = new Ajv({ strict: true });
const isPagerDuty = ajv.compile(PAGERDUTY_EVENT);
const isSlack = ajv.compile(SLACK_MESSAGE);

const variants: Message[] = [
  MESSAGE,
  { ...MESSAGE, action: 'cleared' },
  { ...MESSAGE, severity: 'info', next: '' },
  { ...MESSAGE, summary: 'x'.repeat(9_000), next: 'y'.repeat(9_000) },
];

describe('messages', () => {
  it.each(variants)('take the form that PagerDuty documents (%#)', (message) => {
    expect(isPagerDuty(messageBody('pagerduty', message, key)), JSON.stringify(isPagerDuty.errors)).toBe(true);
  });

  it.each(variants)('take the form that Slack documents (%#)', (message) => {
    expect(isSlack(messageBody('slack', message, key)), JSON.stringify(isSlack.errors)).toBe(true);
  });

  it('the judges find what the vendors would refuse', () => {
    expect(isPagerDuty({ ...messageBody('pagerduty', MESSAGE, key), event_action: 'raised' })).toBe(false);
    expect(isPagerDuty({ ...messageBody('pagerduty', MESSAGE, key), payload: { summary: 'x' } })).toBe(false);
    expect(isPagerDuty(messageBody('pagerduty', MESSAGE, () => 'short'))).toBe(false);
    expect(isSlack({ blocks: [] })).toBe(false);
    expect(
      isSlack({ text: 'x', blocks: [{ type: 'section', text: { type: 'mrkdwn', text: 'x'.repeat(3_001) } }] }),
    ).toBe(false);
  });

  it('PagerDuty: one incident from its beginning to its end', () => {
    expect(messageBody('pagerduty', MESSAGE, key)).toMatchObject({
      ...{ event_action: 'trigger', dedup_key: 'lakehaul/m1/notice/5' },
      payload: {
        severity: 'critical',
        source: 'lakehaul/m1',
        class: 'table-stopped',
        timestamp: '2026-01-02T03:04:05.000Z',
      },
    });
    expect(messageBody('pagerduty', { ...MESSAGE, action: 'cleared' }, key)).toEqual({
      ...{ routing_key: key(), event_action: 'resolve', dedup_key: 'lakehaul/m1/notice/5' },
    });
  });

  it('Slack: a table’s name is text and no markup, and no control character gets through', () => {
    const text = JSON.stringify(
      messageBody('slack', { ...MESSAGE, summary: `${MESSAGE.summary}\u202e\u0007<!channel>` }, key),
    );
    expect(text).toContain('a&lt;b&gt;&amp;c');
    expect(text).toContain('&lt;!channel&gt;');
    expect(text).not.toMatch(/<|\u202e|\\u0007/);
    expect(text).not.toContain(key());
  });

  it('generic: the whole message with its ids', () => {
    expect(messageBody('generic', MESSAGE, key)).toEqual({ schemaVersion: 1, ...MESSAGE });
  });
});
