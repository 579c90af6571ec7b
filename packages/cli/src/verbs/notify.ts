/** Whether notices arrive: one message to each receiver, by the way that all of them go. */
import { randomUUID } from 'node:crypto';
import { asLakehaulError, LakehaulError } from '@lakehaul/core';
import { type Message, messageBody, sendNotice } from '@lakehaul/operate';
import {
  createMetrics,
  createOutside,
  type NotifyReceiver,
  silentLog,
  systemClock,
  systemIds,
} from '@lakehaul/runtime';
import { printJson } from '../json/common.ts';
import { NOTIFY_TEST_JSON } from '../json/surroundings.ts';
import { problemJson, problemText } from '../print/problem.ts';
import { styled } from '../print/terminal.ts';
import { readConfig } from '../session.ts';
import { COMMON_FLAGS, EXIT, type Verb, type VerbCall } from '../verb.ts';

export const notify: Verb = {
  name: 'notify',
  operands: 'test [RECEIVER]',
  summary: 'send one test message to the receivers of notices',
  example: 'lakehaul notify test pager --dry-run',
  details: [
    'test  to one receiver, or to all of notify.receivers; with PagerDuty it opens an incident of severity info',
  ],
  flags: [...COMMON_FLAGS, { name: 'dry-run', doc: 'print what would be sent; send nothing' }],
  json: [
    {
      command: 'notify test',
      says: 'What became of the message at each receiver; with --dry-run the message itself.',
      shape: NOTIFY_TEST_JSON,
    },
  ],
  async run(call) {
    const [action, name] = call.operands;
    if (action !== 'test')
      throw new LakehaulError('USAGE', `notify ${action ?? ''} is not known`, { next: 'lakehaul notify test' });
    const { migration, notify } = await readConfig(call);
    const receivers = chosen(notify.receivers, name);
    const isDryRun = call.flags['dry-run'] === true;
    const message = testMessage(migration);
    const results = isDryRun
      ? receivers.map((receiver) => ({ receiver, error: null }))
      : await Promise.all(receivers.map((receiver) => trySend(receiver, message)));
    tell(call, message, results);
    return results.every(({ error }) => error === null) ? EXIT.done : EXIT.failed;
  },
};

interface Result {
  receiver: NotifyReceiver;
  error: LakehaulError | null;
}

function chosen(all: readonly NotifyReceiver[], name: string | undefined): readonly NotifyReceiver[] {
  const found = name === undefined ? all : all.filter((receiver) => receiver.name === name);
  if (found.length > 0) return found;
  const known = all.map((receiver) => receiver.name).join(', ');
  throw new LakehaulError('USAGE', name === undefined ? 'notify.receivers is empty' : `${name} is no receiver`, {
    next: known === '' ? 'add receivers to the section notify; lakehaul config reference' : `one of ${known}`,
  });
}

function testMessage(migration: string): Message {
  const id = `lakehaul/${migration}/test/${randomUUID()}`;
  return {
    ...{ id, incident: id, migration, at: new Date().toISOString() },
    ...{ kind: 'test', action: 'told', severity: 'info' },
    summary: 'this is a test: notices of lakehaul arrive here',
    next: 'nothing; close it',
  };
}

async function trySend(receiver: NotifyReceiver, message: Message): Promise<Result> {
  const outside = createOutside({ clock: systemClock, ids: systemIds, log: silentLog, metrics: createMetrics() });
  return sendNotice(receiver, message, { outside }).then(
    () => ({ receiver, error: null }),
    (thrown: unknown) => ({ receiver, error: asLakehaulError(thrown) }),
  );
}

/** What is shown instead of PagerDuty's key. */
const HIDDEN = '[redacted]';

function tell({ terminal, flags }: VerbCall, message: Message, results: readonly Result[]): void {
  const isDryRun = flags['dry-run'] === true;
  const bodyOf = (receiver: NotifyReceiver) => JSON.stringify(messageBody(receiver.shape, message, () => HIDDEN));
  if (flags['json'] === true) {
    printJson(terminal, NOTIFY_TEST_JSON, {
      isDryRun,
      receivers: results.map(({ receiver, error }) => ({
        ...{ name: receiver.name, shape: receiver.shape, isSent: !isDryRun && error === null },
        body: isDryRun ? bodyOf(receiver) : null,
        problem: error === null ? null : problemJson(error),
      })),
    });
    return;
  }
  for (const { receiver, error } of results) {
    const who = `${receiver.name} (${receiver.shape})`;
    if (isDryRun) terminal.out(`${who} would get ${bodyOf(receiver)}`);
    else if (error === null) terminal.out(`${styled(terminal, 'green', 'sent')}  ${who}`);
    else terminal.out(`${styled(terminal, 'red', 'FAIL')}  ${who}: ${problemText(terminal, error)}`);
  }
}
