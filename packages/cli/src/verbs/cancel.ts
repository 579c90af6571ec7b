import { randomUUID } from 'node:crypto';
import { cancelChange, changeOnce } from '@lakehaul/control';
import { LakehaulError, limitRows } from '@lakehaul/core';
import { CANCEL_JSON, type CancelAnswer, stepPattern } from '@lakehaul/operate';
import { printJson } from '../json/common.ts';
import { plainText } from '../print/safe-text.ts';
import { table } from '../print/table.ts';
import { counted } from '../print/units.ts';
import { openSession } from '../session.ts';
import { COMMON_FLAGS, EXIT, type Verb, type VerbCall } from '../verb.ts';
import { agrees, BY_FLAGS, byWhom } from '../who.ts';

export const cancel: Verb = {
  name: 'cancel',
  operands: 'WHAT',
  summary: 'end the UNLOADs that run now, of what is paused; they are submitted anew when it is resumed',
  example: 'lakehaul cancel unload --reason "the source needs air"',
  details: [
    'WHAT is unload, a table (sales.orders, sales.*) or both (sales.*::unload).',
    'It must be paused: anything else would start again at once.',
    'What was just about to start shows up within two seconds: run it again until nothing runs.',
    'Each cancelled UNLOAD counts as a failure of its attempt. Loads are not cancelled.',
  ],
  flags: [
    ...COMMON_FLAGS,
    ...BY_FLAGS,
    { name: 'request-id', value: 'ID', doc: 'your name of this change: given again, it changes nothing twice' },
    { name: 'dry-run', doc: 'list what would be cancelled; change nothing' },
    { name: 'yes', doc: 'do not ask' },
  ],
  json: [{ command: 'cancel WHAT', says: 'The statements; the same with --dry-run.', shape: CANCEL_JSON }],
  async run(call) {
    const [what] = call.operands;
    if (what === undefined || what === '')
      throw new LakehaulError('USAGE', 'what? is missing', {
        next: 'lakehaul cancel unload, lakehaul cancel sales.orders',
      });
    const isDryRun = call.flags['dry-run'] === true;
    const by = isDryRun ? null : byWhom(call);
    await using session = await openSession(call);
    const { ledger, clouds, config } = session;
    const pattern = stepPattern(what);
    const change = cancelChange(
      async () => ({
        source: clouds.source,
        migration: ledger.migration,
        plans: await ledger.readPlans(),
        limits: limitRows(config.limits, await ledger.steering.current()),
      }),
      pattern,
    );
    const preview = await change.preview();
    if (by === null || preview.total === 0) return told(call, preview, isDryRun);
    if (!(await agrees(call, `cancel ${counted(preview.total, 'UNLOAD')}?`))) return EXIT.refused;
    const asked = call.flags['request-id'];
    const key = typeof asked === 'string' && asked.trim() !== '' ? asked.trim() : randomUUID();
    const request = `lakehaul cancel ${pattern}`;
    const done = await changeOnce(ledger, { ...by, key, request, body: { pattern }, requestId: key }, change);
    return told(call, CANCEL_JSON.parse(done.answer), false);
  },
};

function told(call: VerbCall, answer: CancelAnswer, isDryRun: boolean): number {
  const { terminal } = call;
  if (call.flags['json'] === true) {
    printJson(terminal, CANCEL_JSON, { ...answer, isDryRun });
    return EXIT.done;
  }
  if (answer.total === 0) {
    terminal.out('no UNLOAD of these runs now');
    return EXIT.done;
  }
  terminal.out(
    table(
      answer.statements,
      [
        { title: 'chunk', text: (row) => plainText(row.chunk), isFlexible: true },
        { title: 'attempt', text: (row) => String(row.attempt) },
        { title: 'statement', text: (row) => plainText(row.statementId) },
      ],
      terminal.columns,
    ),
  );
  terminal.out(
    `${isDryRun ? 'would cancel' : 'cancelled'} ${counted(answer.total, 'UNLOAD')}; resume submits them anew`,
  );
  return EXIT.done;
}
