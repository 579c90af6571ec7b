import { LakehaulError } from '@lakehaul/core';
import { readLedger, type Session } from '@lakehaul/fleet';
import { STATUS_JSON, statusJson, statusOptions, statusReport } from '@lakehaul/operate';
import { printJson } from '../json/common.ts';
import { statusText } from '../print/status.ts';
import { openSession } from '../session.ts';
import { COMMON_FLAGS, EXIT, type Verb } from '../verb.ts';

export const status: Verb = {
  name: 'status',
  operands: '',
  summary: 'where every table stands, worst first, and what the evidence says',
  example: 'lakehaul status --watch',
  flags: [...COMMON_FLAGS, { name: 'watch', doc: 'look again every two seconds until everything is proven or Ctrl-C' }],
  json: [
    {
      command: 'status',
      says: 'Where every table stands. With --watch one document a line, until everything is proven.',
      shape: STATUS_JSON,
    },
  ],
  async run(call) {
    await using session = await openSession(call);
    const { scan, ...read } = await readLedger(session.ledger);
    let { plans } = read;
    if (plans.length === 0) throw new LakehaulError('USAGE', 'nothing is planned yet', { next: 'lakehaul plan' });
    const options = statusOptions(session.config);
    for (;;) {
      const report = await statusReport(session.ledger, plans, scan, options);
      const isProven = report.decision.evidence === 'PASS';
      if (call.flags['json'] === true)
        printJson(call.terminal, STATUS_JSON, statusJson(report), { isOneLine: call.flags['watch'] === true });
      else if (call.flags['watch'] === true) call.terminal.status(statusText(report, call.terminal));
      else call.terminal.out(statusText(report, call.terminal));
      if (call.flags['watch'] !== true || isProven || call.signal.aborted) return isProven ? EXIT.done : EXIT.notProven;
      await pause(session, call.signal);
      plans = await session.ledger.readPlans();
      await scan.refresh();
    }
  },
};

async function pause(session: Session, signal: AbortSignal): Promise<void> {
  await session.clock.sleep(2_000, signal).catch(() => undefined);
}
