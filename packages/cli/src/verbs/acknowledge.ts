import { randomUUID } from 'node:crypto';
import { LakehaulError } from '@lakehaul/core';
import { readLedger, type Session } from '@lakehaul/fleet';
import {
  ACKNOWLEDGE_JSON,
  ACKNOWLEDGEMENTS_JSON,
  type AcknowledgeAnswer,
  type AcknowledgePlan,
  acknowledgementsOf,
  findPlans,
  planAcknowledge,
  acknowledge as record,
} from '@lakehaul/operate';
import { printJson } from '../json/common.ts';
import { plainText } from '../print/safe-text.ts';
import { counted } from '../print/units.ts';
import { openSession } from '../session.ts';
import { COMMON_FLAGS, EXIT, type Verb, type VerbCall } from '../verb.ts';
import { agrees, BY_FLAGS, byWhom } from '../who.ts';

export const acknowledge: Verb = {
  name: 'acknowledge',
  operands: 'TABLE [LOSS…]',
  summary:
    'put your name to a loss of rows that come after the plan; without a loss: what is acknowledged, what is missing',
  example: 'lakehaul acknowledge logs.json rounding:doc --reason "38 digits do"',
  details: [
    'LOSS is rounding:COLUMN: numbers that a VARIANT column rounds (more than 38 digits). Nothing else may follow a plan.',
    'It counts from now on and is not taken back. Chunks that waited for it: lakehaul replay --table TABLE --code NUMBERS_ROUNDED.',
  ],
  flags: [
    ...COMMON_FLAGS,
    ...BY_FLAGS,
    { name: 'dry-run', doc: 'print what would be recorded; change nothing' },
    { name: 'yes', doc: 'do not ask' },
  ],
  json: [
    { command: 'acknowledge TABLE', says: 'With the plan, later, and missing.', shape: ACKNOWLEDGEMENTS_JSON },
    { command: 'acknowledge TABLE LOSS', says: 'What is recorded; the same with --dry-run.', shape: ACKNOWLEDGE_JSON },
  ],
  async run(call) {
    const [name, ...wanted] = call.operands;
    if (name === undefined)
      throw new LakehaulError('USAGE', 'acknowledge needs a table', {
        next: 'lakehaul acknowledge TABLE rounding:COLUMN --reason "…"',
      });
    const by = wanted.length === 0 || call.flags['dry-run'] === true ? null : byWhom(call);
    await using session = await openSession(call);
    if (wanted.length === 0) return list(call, session, name);
    const { ledger } = session;
    const plan = await planAcknowledge({ ledger, plans: findPlans(await ledger.readPlans(), name) }, wanted);
    if (by === null || plan.acknowledgements.length === 0) return told(call, answerOf(plan, by === null));
    if (!(await agrees(call, `acknowledge ${plan.acknowledgements.join(', ')} of ${plan.table}?`))) return EXIT.refused;
    return told(call, await record(ledger, plan, { ...by, request: randomUUID() }));
  },
};

function answerOf({ acknowledgements, ...plan }: AcknowledgePlan, isDryRun: boolean): AcknowledgeAnswer {
  return { ...plan, isDryRun, acknowledged: acknowledgements };
}

function told(call: VerbCall, answer: AcknowledgeAnswer): number {
  const { terminal } = call;
  const { isDryRun, table, acknowledged, known } = answer;
  if (call.flags['json'] === true) {
    printJson(terminal, ACKNOWLEDGE_JSON, answer);
    return EXIT.done;
  }
  for (const each of known) terminal.out(plainText(`${each} of ${table} is acknowledged already`));
  for (const each of acknowledged)
    terminal.out(plainText(`${isDryRun ? 'would acknowledge' : 'acknowledged'} ${each} of ${table}`));
  if (!isDryRun && acknowledged.length > 0)
    terminal.out(plainText(`next: lakehaul replay --table ${table} --code NUMBERS_ROUNDED --reason "…"`));
  return EXIT.done;
}

async function list(call: VerbCall, session: Session, name: string): Promise<number> {
  const { ledger } = session;
  const { plans, scan } = await readLedger(ledger);
  const all = await acknowledgementsOf({ ledger, scan, plans: findPlans(plans, name) });
  const { terminal } = call;
  if (call.flags['json'] === true) {
    printJson(terminal, ACKNOWLEDGEMENTS_JSON, all);
    return EXIT.done;
  }
  const say = (line: string) => terminal.out(plainText(line));
  for (const each of all.planned) say(`${each}  with the plan`);
  for (const { acknowledgement, at, who, reason } of all.later)
    say(`${acknowledgement}  ${at} by ${who ?? 'the configuration'}${reason === null ? '' : `: ${reason}`}`);
  for (const { acknowledgement, chunks } of all.missing)
    say(`${acknowledgement}  MISSING: ${counted(chunks.length, 'chunk waits', 'chunks wait')} for it`);
  if (all.toReplay.length > 0)
    say(
      `${counted(all.toReplay.length, 'chunk')} to replay: lakehaul replay --table ${all.table} --code NUMBERS_ROUNDED`,
    );
  if (!all.isWhole) say('more chunks wait than were looked at');
  if (all.planned.length + all.later.length + all.missing.length === 0) say(`nothing of ${all.table} is acknowledged`);
  return EXIT.done;
}
