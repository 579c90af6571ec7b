/**
 * A notice in the words of who receives it. Pure. Sources of the forms: Slack, "Sending messages using incoming webhooks"
 * and the block reference (a section takes 3,000 characters; & < > are control characters); PagerDuty, Events API v2
 * (github.com/PagerDuty/api-schema, reference/events-v2/openapiv3.json; a summary takes 1,024 characters, a dedup_key 255).
 */
import type { Notice, Severity } from '@lakehaul/ledger';

export const RECEIVER_SHAPES = ['generic', 'slack', 'pagerduty'] as const;
export type ReceiverShape = (typeof RECEIVER_SHAPES)[number];

export interface Message extends Omit<Notice, 'incident'> {
  /** The same whenever this is sent again: receivers drop what they have. */
  id: string;
  /** The same for all notices about one thing. */
  incident: string;
  migration: string;
  at: string;
}

/** What is sent, as JSON. The routing key is PagerDuty's only. */
export function messageBody(shape: ReceiverShape, message: Message, routingKey: () => string): object {
  const clean = { ...message, summary: printable(message.summary), next: printable(message.next) };
  switch (shape) {
    case 'generic':
      return { schemaVersion: 1, ...clean };
    case 'slack':
      return slackBody(clean);
    case 'pagerduty':
      return pagerDutyBody(clean, routingKey());
  }
}

const SECTION_MAX = 3_000;
const SUMMARY_MAX = 1_024;
const SIGNS: Record<Severity, string> = {
  info: ':information_source:',
  warning: ':warning:',
  critical: ':rotating_light:',
};

function slackBody(message: Message): object {
  const { id, migration, action, severity, summary, next, at } = message;
  const sign = action === 'cleared' ? ':white_check_mark:' : SIGNS[severity];
  const line = `${sign} *${escaped(migration)}* ${escaped(summary)}`;
  const body = next === '' ? line : `${line}\nNext: ${escaped(next)}`;
  const context = { type: 'mrkdwn', text: escaped(`${severity} · ${at} · ${id}`) };
  return {
    // What a phone shows; readers of the channel see the blocks.
    text: cut(`${migration}: ${escaped(summary)}`, SECTION_MAX),
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text: cut(body, SECTION_MAX) } },
      { type: 'context', elements: [context] },
    ],
  };
}

function pagerDutyBody(message: Message, routingKey: string): object {
  const { id, incident, migration, kind, action, severity, summary, next, at } = message;
  const head = { routing_key: routingKey, dedup_key: incident };
  if (action === 'cleared') return { ...head, event_action: 'resolve' };
  return {
    ...head,
    event_action: 'trigger',
    client: 'lakehaul',
    payload: {
      ...{ summary: cut(`${migration}: ${summary}`, SUMMARY_MAX), source: `lakehaul/${migration}`, severity },
      ...{ timestamp: at, component: 'lakehaul', group: migration, class: kind },
      custom_details: { id, next },
    },
  };
}

/** Table names may hold anything: no control character reaches a channel. */
const printable = (text: string): string => text.replace(/\p{C}/gu, '\u{FFFD}');
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const cut = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);
