import { LakehaulError, type TablePlan } from '@lakehaul/core';
import { readLedger } from '@lakehaul/fleet';
import { renderWatch, type WatchDeps, type WatchResult, watchOnce } from '@lakehaul/planner';
import { watchDeps } from '../fleet-watch.ts';
import { printJson } from '../json/common.ts';
import { WATCH_DRY_RUN_JSON, WATCH_JSON } from '../json/watch.ts';
import { probeText } from '../print/probe.ts';
import { count, counted } from '../print/units.ts';
import { openSession } from '../session.ts';
import { COMMON_FLAGS, EXIT, type Verb, type VerbCall } from '../verb.ts';
import { watchJson } from '../watch-json.ts';

export const watch: Verb = {
  name: 'watch',
  operands: '',
  summary: 'look who wrote our tables at the source since they were read; probe those, open what changed',
  example: 'lakehaul watch --once',
  details: [
    'Samples the source’s history without a gap. A table that was written is probed, many chunks a scan; exactly',
    'the chunks that differ are opened again, and lakehaul run hauls them. The planner service does the same.',
    'exit code 4: a table was written or is not known to be unwritten, and not all of it is proven again yet',
  ],
  flags: [
    ...COMMON_FLAGS,
    { name: 'once', doc: 'look once, and probe whatever was written however short ago it was probed' },
    { name: 'dry-run', doc: 'print the statements that would be sent to the source; send none of them' },
  ],
  json: [
    {
      command: 'watch',
      says: 'One line a look: the window, what was written, what was opened again.',
      shape: WATCH_JSON,
    },
    { command: 'watch --dry-run', says: 'The statements that a look would send.', shape: WATCH_DRY_RUN_JSON },
  ],
  async run(call) {
    await using session = await openSession(call);
    const { plans, scan } = await readLedger(session.ledger);
    if (plans.length === 0) throw new LakehaulError('USAGE', 'nothing is planned yet', { next: 'lakehaul plan' });
    const isOnce = call.flags['once'] === true;
    const deps = watchDeps(session, session.ledger, scan, isOnce ? 0 : session.config.watch.probeEveryMs);
    if (call.flags['dry-run'] === true) return dryRun(call, deps, plans);
    for (;;) {
      // A table or generation that was planned since is watched as well.
      const now = await session.ledger.readPlans();
      const result = await watchOnce(deps, now, call.signal);
      print(call, result, now);
      if (isOnce || call.signal.aborted) return isUnwritten(result) ? EXIT.done : EXIT.notProven;
      await session.clock.sleep(session.config.watch.everyMs, call.signal).catch(() => undefined);
      if (call.signal.aborted) return isUnwritten(result) ? EXIT.done : EXIT.notProven;
    }
  },
};

async function dryRun(call: VerbCall, deps: WatchDeps, plans: readonly TablePlan[]): Promise<number> {
  const statements = await renderWatch(deps, plans);
  if (call.flags['json'] === true) printJson(call.terminal, WATCH_DRY_RUN_JSON, { isDryRun: true, statements });
  else call.terminal.out(statements.length === 0 ? 'nothing to ask yet' : statements.join(';\n'));
  return EXIT.done;
}

/** A probe that opened nothing has proven its table again. */
function isUnwritten(result: WatchResult): boolean {
  return result.tables.every((table) => table.held === null && (table.probe?.reopened.length ?? 0) === 0);
}

function print(call: VerbCall, result: WatchResult, plans: readonly TablePlan[]): void {
  if (call.flags['json'] === true) {
    printJson(call.terminal, WATCH_JSON, watchJson(result), { isOneLine: true });
    return;
  }
  const { sample } = result;
  const tables = new Set(plans.map((plan) => plan.tableId)).size;
  call.terminal.out(
    sample === null
      ? 'the history has nothing new to tell yet'
      : `history read from ${sample.from} to ${sample.to}: ${count(sample.written.length)} of ${counted(tables, 'table')} written`,
  );
  if (sample !== null && sample.gap !== null)
    call.terminal.out(`  gap: nothing is known of ${sample.gap.from} to ${sample.gap.to}`);
  if (sample !== null && !sample.outcomesReadable)
    call.terminal.out('  sys_transaction_history may not be read: writes that were rolled back count as well');
  for (const table of result.tables) {
    if (table.writes.kind === 'unwritten') continue;
    call.terminal.out(`${table.table}: ${table.writes.detail}`);
    const held = table.held;
    if (held !== null)
      call.terminal.out(
        `  not probed: ${typeof held === 'string' ? held : `${held.code} ${held.message}\n  next: ${held.next}`}`,
      );
    const { probe } = table;
    if (probe === null) continue;
    call.terminal.out(`  probed ${probeText(probe)}, ${count(probe.reopened.length)} opened again`);
    if (probe.reopened.length > 0) call.terminal.out('  next: lakehaul run');
  }
  if (result.tables.length < tables)
    call.terminal.out(
      `${counted(tables - result.tables.length, 'table is', 'tables are')} still being hauled, and will be read anyway`,
    );
}
