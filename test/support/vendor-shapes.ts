/** What vendors document of the messages that they take, as JSON Schema: the judge of ours, made of their pages alone. */

/** Events API v2: github.com/PagerDuty/api-schema, reference/events-v2/openapiv3.json; lengths by their support pages. */
export const PAGERDUTY_EVENT = {
  type: 'object',
  properties: {
    // "Length of 'routing_key' is incorrect (should be 32 characters)", their 400.
    routing_key: { type: 'string', minLength: 32, maxLength: 32 },
    event_action: { enum: ['trigger', 'acknowledge', 'resolve'] },
    dedup_key: { type: 'string', minLength: 1, maxLength: 255 },
    client: { type: 'string' },
    client_url: { type: 'string' },
    payload: {
      type: 'object',
      properties: {
        summary: { type: 'string', minLength: 1, maxLength: 1_024 },
        timestamp: { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' },
        severity: { enum: ['critical', 'warning', 'error', 'info'] },
        source: { type: 'string', minLength: 1 },
        component: { type: 'string' },
        group: { type: 'string' },
        class: { type: 'string' },
        custom_details: { type: 'object' },
      },
      required: ['summary', 'severity', 'source'],
      additionalProperties: false,
    },
  },
  required: ['routing_key', 'event_action', 'dedup_key'],
  additionalProperties: false,
  // A trigger has a payload.
  anyOf: [
    { properties: { payload: { type: 'object' } }, required: ['payload'] },
    { properties: { event_action: { enum: ['acknowledge', 'resolve'] } } },
  ],
};

const mrkdwn = {
  type: 'object',
  properties: { type: { const: 'mrkdwn' }, text: { type: 'string', minLength: 1, maxLength: 3_000 } },
  required: ['type', 'text'],
  additionalProperties: false,
};

/** An incoming webhook with blocks: docs.slack.dev, incoming webhooks; section and context block of Block Kit. */
export const SLACK_MESSAGE = {
  type: 'object',
  properties: {
    text: { type: 'string', minLength: 1, maxLength: 4_000 },
    blocks: {
      type: 'array',
      minItems: 1,
      maxItems: 50,
      items: {
        oneOf: [
          {
            type: 'object',
            properties: { type: { const: 'section' }, text: mrkdwn },
            required: ['type', 'text'],
            additionalProperties: false,
          },
          {
            type: 'object',
            properties: {
              type: { const: 'context' },
              elements: { type: 'array', minItems: 1, maxItems: 10, items: mrkdwn },
            },
            required: ['type', 'elements'],
            additionalProperties: false,
          },
        ],
      },
    },
  },
  required: ['text'],
  additionalProperties: false,
};
