/** The section `notify` of lakehaul.yaml. */
import { z } from 'zod';
import { durationMs, form, text } from './fields.ts';

const envName = () =>
  form(
    /^(?!LAKEHAUL_)[A-Z][A-Z0-9_]{0,99}$/,
    'the name of an environment variable of your own (A-Z 0-9 _; LAKEHAUL_… are settings of lakehaul)',
  );

const receiver = z
  .strictObject({
    name: form(/^[a-z0-9-]{1,40}$/, 'a name of a-z, 0-9 and -, at most 40 long').describe(
      'Name in the ledger: what was sent to it is kept under it. Another name is another receiver.',
    ),
    shape: z
      .enum(['generic', 'slack', 'pagerduty'])
      .describe('generic: JSON of ours. slack: an incoming webhook. pagerduty: Events API v2.'),
    minSeverity: z.enum(['info', 'warning', 'critical']).default('warning').describe('From this severity on.'),
    urlEnv: envName()
      .exactOptional()
      .describe('Environment variable with the URL, which is a secret (generic, slack).'),
    urlFile: text().exactOptional().describe('File with the URL, instead of a variable (generic, slack).'),
    routingKeyEnv: envName().exactOptional().describe('Environment variable with the integration key (pagerduty).'),
    routingKeyFile: text().exactOptional().describe('File with the integration key (pagerduty).'),
    url: form(/^https?:\/\/[^\s?#@]+$/, 'an http(s) URL without a query')
      .exactOptional()
      .describe(
        'Another address than https://events.pagerduty.com/v2/enqueue, e.g. that of the service region EU (pagerduty).',
      ),
  })
  .describe('Who is told. Secrets come from variables and files, never from here.');

export const notify = z
  .strictObject({
    everyMs: durationMs()
      .prefault('5s')
      .refine((value) => value >= 1_000, { error: 'must be 1s or more' })
      .describe('Pause between two looks for news, by the control service.'),
    pausedAfterMs: durationMs().prefault('4h').describe('A pause that lasts longer is told.'),
    giveUpAfterMs: durationMs()
      .prefault('24h')
      .describe('A notice that a receiver has not taken for so long is not sent to it any more.'),
    receivers: z.array(receiver).max(20).default([]),
  })
  .describe('Notices to people: tables stopped, quarantine, mismatches, a changed verdict, long pauses.');
