import { randomUUID } from 'node:crypto';
import { LakehaulError } from '@lakehaul/core';
import { readLedger, type Session } from '@lakehaul/fleet';
import {
  findPlans,
  planResume,
  RESUME_JSON,
  reopenedCount,
  resumeSteps,
  resumeTable,
  statusReport,
  TABLES_JSON,
  type TableStatus,
} from '@lakehaul/operate';
import { printJson } from '../json/common.ts';
import { plainText } from '../print/safe-text.ts';
import { counted } from '../print/units.ts';
import { openSession } from '../session.ts';
import { COMMON_FLAGS, EXIT, type Verb, type VerbCall } from '../verb.ts';
import { agrees, BY_FLAGS, byWhom } from '../who.ts';

export const tables: Verb = {
  name: 'tables',
  operands: '[resume TABLE]',
  summary: 'which tables are stopped and why; lift a stop',
  example: 'lakehaul tables resume public.flights --reason "zone mended"',
  details: [
    'tables                what is stopped, since when, why, and what to do',
    'tables resume TABLE   lift the stop; --accept-drift where the source’s schema changed and may stay so',
  ],
  flags: [
    ...COMMON_FLAGS,
    { name: 'accept-drift', doc: 'haul the table with the schema that it has now (docs/schema-drift.md)' },
    ...BY_FLAGS,
    { name: 'dry-run', doc: 'print exactly the steps; change nothing' },
    { name: 'yes', doc: 'do not ask' },
  ],
  json: [
    { command: 'tables', says: 'Every table, stopped or not.', shape: TABLES_JSON },
    { command: 'tables resume', says: 'The steps; the same with --dry-run.', shape: RESUME_JSON },
  ],
  async run(call) {
    const [action, name] = call.operands;
    await using session = await openSession(call);
    if (action === undefined) return list(call, session);
    if (action !== 'resume' || name === undefined)
      throw new LakehaulError('USAGE', `tables ${call.operands.join(' ')} is not understood`, {
        next: 'lakehaul tables, or lakehaul tables resume TABLE --reason "…"',
      });
    return resume(call, session, name);
  },
};

async function list(call: VerbCall, session: Session): Promise<number> {
  const { plans, scan } = await readLedger(session.ledger);
  const { tables: all } = await statusReport(session.ledger, plans, scan);
  const stopped = all.filter((each) => each.stop !== null);
  if (call.flags['json'] === true) {
    const shape = ({ table, tableId, stop }: TableStatus) => ({ table, tableId, stop });
    printJson(call.terminal, TABLES_JSON, { tables: all.map(shape) });
    return EXIT.done;
  }
  for (const { table, stop } of stopped) {
    call.terminal.out(plainText(`${table}  ${stop?.code} since ${stop?.since}`));
    call.terminal.out(plainText(`  ${stop?.reason}`));
    call.terminal.out(plainText(`  next: ${stop?.next}`));
  }
  call.terminal.out(`${stopped.length} of ${counted(all.length, 'table')} stopped`);
  return EXIT.done;
}

async function resume(call: VerbCall, session: Session, name: string): Promise<number> {
  const isDryRun = call.flags['dry-run'] === true;
  const by = isDryRun ? null : byWhom(call);
  const { plans, scan } = await readLedger(session.ledger);
  const plan = await planResume({
    ledger: session.ledger,
    source: session.clouds.source,
    scan,
    plans: findPlans(plans, name),
    acceptDrift: call.flags['accept-drift'] === true,
  });
  const steps = resumeSteps(plan).map(plainText);
  const isJson = call.flags['json'] === true;
  for (const step of steps)
    if (isJson) call.terminal.talk(step);
    else call.terminal.out(step);
  if (by === null) {
    if (isJson)
      printJson(call.terminal, RESUME_JSON, { isDryRun, tableId: plan.tableId, steps, reopened: reopenedCount(plan) });
    return EXIT.done;
  }
  if (!(await agrees(call, `resume ${name}?`))) return EXIT.refused;
  const act = { ...by, request: randomUUID(), causedBy: plan.stop.key };
  const { reopened } = await resumeTable(session.ledger, plan, act);
  if (isJson) printJson(call.terminal, RESUME_JSON, { isDryRun, tableId: plan.tableId, steps, reopened });
  else
    call.terminal.out(
      `${name} is resumed${reopened > 0 ? `, ${counted(reopened, 'chunk')} reopened` : ''}; lakehaul run goes on`,
    );
  return EXIT.done;
}
