import { LakehaulError } from '@lakehaul/core';
import { PROCESS_NAME } from '@lakehaul/ledger';
import { SIGNAL_JSON, SIGNALS_JSON, signalsJson } from '@lakehaul/operate';
import { printJson } from '../json/common.ts';
import { plainText } from '../print/safe-text.ts';
import { table } from '../print/table.ts';
import { openSession } from '../session.ts';
import { COMMON_FLAGS, EXIT, type Verb, type VerbCall } from '../verb.ts';
import { BY_FLAGS, byWhom } from '../who.ts';

const STATUSES = ['failing', 'ok'] as const;

export const signal: Verb = {
  name: 'signal',
  operands: '[PROCESS failing|ok]',
  summary: 'declare a critical business process failing, or well again; alone: what is declared',
  example: 'lakehaul signal month-end failing --reason "totals differ since 06:00"',
  details: ['Kept as evidence for the decision to switch. Said twice it is one record.'],
  flags: [...COMMON_FLAGS, ...BY_FLAGS, { name: 'dry-run', doc: 'tell whether it would change anything' }],
  json: [
    { command: 'signal', says: 'The newest declaration of each process.', shape: SIGNALS_JSON },
    { command: 'signal PROCESS STATUS', says: 'What was declared; the same with --dry-run.', shape: SIGNAL_JSON },
  ],
  async run(call) {
    const [process] = call.operands;
    if (process === undefined) return list(call);
    const status = STATUSES.find((each) => each === call.operands[1]);
    if (status === undefined || !PROCESS_NAME.test(process))
      throw new LakehaulError(
        'USAGE',
        status === undefined ? 'failing or ok?' : `${JSON.stringify(process)} is no name of a-z 0-9 . _ -, at most 64`,
        { next: 'lakehaul signal month-end failing --reason "…"' },
      );
    const isDryRun = call.flags['dry-run'] === true;
    const by = isDryRun ? null : byWhom(call);
    await using session = await openSession(call);
    const { signals } = session.ledger;
    const { isChanged } =
      by === null
        ? { isChanged: ((await signals.current(process))?.body.status ?? 'ok') !== status }
        : await signals.declare({ process, status, ...by });
    const { terminal } = call;
    if (call.flags['json'] === true) printJson(terminal, SIGNAL_JSON, { isDryRun, isChanged, process, status });
    else if (!isChanged) terminal.out(`${process} is ${status} already`);
    else terminal.out(isDryRun ? `would declare ${process} ${status}` : `${process} is declared ${status}`);
    return EXIT.done;
  },
};

async function list(call: VerbCall): Promise<number> {
  await using session = await openSession(call);
  const told = signalsJson(await session.ledger.signals.newest());
  const { terminal } = call;
  if (call.flags['json'] === true) printJson(terminal, SIGNALS_JSON, told);
  else if (told.signals.length === 0) terminal.out('nobody has declared any process failing');
  else
    terminal.out(
      table(
        told.signals,
        [
          { title: 'process', text: (row) => plainText(row.process) },
          { title: 'status', text: (row) => row.status },
          { title: 'since', text: (row) => row.at.slice(0, 19).replace('T', ' ') },
          { title: 'who', text: (row) => plainText(row.who) },
          { title: 'why', text: (row) => plainText(row.reason), isFlexible: true },
        ],
        terminal.columns,
      ),
    );
  return EXIT.done;
}
