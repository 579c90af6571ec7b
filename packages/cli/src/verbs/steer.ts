/** What a person sets while the fleet runs: each change is a record with who and why, and counts within a second or two. */

import { randomUUID } from 'node:crypto';
import { LakehaulError, limitRows, type SteeringChange } from '@lakehaul/core';
import {
  changeJson,
  changesJson,
  refuseUnknownPattern,
  SETTINGS_JSON,
  STEER_JSON,
  steeringJson,
  stepPattern,
} from '@lakehaul/operate';
import { printJson } from '../json/common.ts';
import { plainText } from '../print/safe-text.ts';
import { table } from '../print/table.ts';
import { openSession } from '../session.ts';
import { COMMON_FLAGS, EXIT, type Verb, type VerbCall } from '../verb.ts';
import { BY_FLAGS, byWhom } from '../who.ts';

const WHAT = ['WHAT is a step (unload), a table (sales.orders, sales.*) or both (sales.*::unload)'];

export const STEER_FLAGS = [
  ...COMMON_FLAGS,
  ...BY_FLAGS,
  { name: 'request-id', value: 'ID', doc: 'your name of this change: given again, it changes nothing twice' },
  { name: 'dry-run', doc: 'print what would be set; change nothing' },
];

export const pause: Verb = {
  name: 'pause',
  operands: 'WHAT',
  summary: 'let nothing more start; what runs goes on to its end',
  example: 'lakehaul pause unload --reason "month end at the source"',
  details: WHAT,
  flags: STEER_FLAGS,
  json: [{ command: 'pause WHAT', says: 'The change; the same with --dry-run.', shape: STEER_JSON }],
  run: (call) => steer(call, { action: 'pause', pattern: stepPattern(operand(call, 0)) }),
};

export const resume: Verb = {
  name: 'resume',
  operands: 'WHAT',
  summary: 'lift a pause, by the words that it was set with',
  example: 'lakehaul resume unload --reason "month end is over"',
  details: WHAT,
  flags: STEER_FLAGS,
  json: [{ command: 'resume WHAT', says: 'The change; the same with --dry-run.', shape: STEER_JSON }],
  run: (call) => steer(call, { action: 'resume', pattern: stepPattern(operand(call, 0)) }),
};

export const limit: Verb = {
  name: 'limit',
  operands: 'WHAT MAX',
  summary: 'jobs that may be in the queues at once; none takes the limit back',
  example: 'lakehaul limit unload 4 --reason "half the slots for the analysts"',
  details: WHAT,
  flags: STEER_FLAGS,
  json: [{ command: 'limit WHAT MAX', says: 'The change; the same with --dry-run.', shape: STEER_JSON }],
  run: (call) =>
    steer(call, { action: 'limit', pattern: stepPattern(operand(call, 0)), max: numberOrNone(operand(call, 1)) }),
};

export const priority: Verb = {
  name: 'priority',
  operands: 'TABLE NUMBER',
  summary: 'which tables go first; 1 is first, none is as configured',
  example: 'lakehaul priority sales.orders 1 --reason "needed on Monday"',
  flags: STEER_FLAGS,
  json: [{ command: 'priority TABLE NUMBER', says: 'The change; the same with --dry-run.', shape: STEER_JSON }],
  run: (call) =>
    steer(call, { action: 'priority', pattern: operand(call, 0), priority: numberOrNone(operand(call, 1)) }),
};

export const settings: Verb = {
  name: 'settings',
  operands: '',
  summary: 'what people have set, who, when and why',
  example: 'lakehaul settings',
  flags: COMMON_FLAGS,
  json: [{ command: 'settings', says: 'What is set, and every change.', shape: SETTINGS_JSON }],
  async run(call) {
    await using session = await openSession(call);
    const state = await session.ledger.steering.current();
    const changes = await session.ledger.steering.changes();
    const inForce = limitRows(session.config.limits, state);
    if (call.flags['json'] === true) {
      const value = { steering: steeringJson(state), limitsInForce: inForce, changes: changesJson(changes) };
      printJson(call.terminal, SETTINGS_JSON, value);
      return EXIT.done;
    }
    const { out, columns } = call.terminal;
    for (const row of inForce) out(`${row.max === 0 ? 'paused' : `at most ${row.max}`}  ${row.pattern}`);
    for (const row of state.priorities) out(`priority ${row.priority}  ${row.pattern}`);
    for (const { name, value } of state.throttle) out(`throttle ${name} ${value} (lakehaul throttle tells more)`);
    if (inForce.length + state.priorities.length + state.throttle.length === 0) out('nothing is paused or limited');
    if (changes.length === 0) return EXIT.done;
    out('');
    out(
      table(
        changesJson(changes).slice(-20),
        [
          { title: 'when', text: (row) => row.at.slice(0, 19).replace('T', ' ') },
          { title: 'who', text: (row) => plainText(row.who) },
          { title: 'change', text: (row) => plainText(words(row.change)) },
          { title: 'why', text: (row) => plainText(row.reason), isFlexible: true },
        ],
        columns,
      ),
    );
    return EXIT.done;
  },
};

export async function steer(call: VerbCall, change: SteeringChange): Promise<number> {
  const isDryRun = call.flags['dry-run'] === true;
  const by = isDryRun ? null : byWhom(call);
  await using session = await openSession(call);
  const { steering } = session.ledger;
  refuseUnknownPattern(change, await session.ledger.readPlans());
  const preview = await steering.preview(change);
  const requestId = call.flags['request-id'];
  const done =
    by === null
      ? { before: preview.before, isChanged: preview.after !== preview.before, state: preview.after }
      : await steering.change({
          ...by,
          change,
          requestId: typeof requestId === 'string' && requestId.trim() !== '' ? requestId.trim() : randomUUID(),
        });
  const { before, isChanged, state } = done;
  if (call.flags['json'] === true) {
    const sides = { before: steeringJson(before), after: steeringJson(state) };
    printJson(call.terminal, STEER_JSON, { isDryRun, isChanged, change: changeJson(change), ...sides });
    return EXIT.done;
  }
  const told = plainText(words(changeJson(change)));
  call.terminal.out(isDryRun ? `would set: ${told}` : isChanged ? told : `${told}: it was so already`);
  if (isChanged && change.action === 'pause') call.terminal.out('what runs now goes on to its end; nothing is lost');
  return EXIT.done;
}

function words({ action, pattern, value }: ReturnType<typeof changeJson>): string {
  if (action === 'pause' || action === 'resume') return `${action} ${pattern}`;
  if (action === 'throttle') return `throttle ${pattern}: ${value === null ? 'as configured' : value}`;
  return value === null ? `${pattern}: ${action} as configured` : `${pattern}: ${action} ${value}`;
}

function operand(call: VerbCall, index: number): string {
  const given = call.operands[index];
  if (given !== undefined && given !== '') return given;
  throw new LakehaulError('USAGE', index === 0 ? 'what? is missing' : 'the number is missing', {
    next: 'lakehaul pause unload, lakehaul limit sales.orders::load 2, lakehaul priority sales.orders 1',
  });
}

function numberOrNone(text: string): number | null {
  if (text === 'none') return null;
  if (/^(0|[1-9]\d{0,8})$/.test(text)) return Number(text);
  throw new LakehaulError('USAGE', `${JSON.stringify(text)} is no whole number, and not none`, {
    next: 'lakehaul limit unload 4, lakehaul limit unload none, lakehaul priority sales.orders 1',
  });
}
