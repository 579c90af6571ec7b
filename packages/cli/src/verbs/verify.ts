import { chunkName, isDone, LakehaulError, type TablePlan } from '@lakehaul/core';
import { readLedger, type Session } from '@lakehaul/fleet';
import { byTable } from '@lakehaul/ledger';
import { findChunk, findPlans } from '@lakehaul/operate';
import { type ProbeResult, probeTable, provenChunks } from '@lakehaul/planner';
import { reproveChunk } from '@lakehaul/verifier';
import { watchDeps } from '../fleet-watch.ts';
import { VERIFY_JSON, VERIFY_SOURCE_JSON } from '../json/chunk.ts';
import { printJson } from '../json/common.ts';
import { probeText } from '../print/probe.ts';
import { count, counted } from '../print/units.ts';
import { openSession } from '../session.ts';
import { COMMON_FLAGS, EXIT, type Verb, type VerbCall } from '../verb.ts';

export const verify: Verb = {
  name: 'verify',
  operands: '[TABLE|CHUNK]',
  summary: 'prove what is done again, against what the target holds now',
  example: 'lakehaul verify public.flights',
  details: ['A chunk that differs loses its earlier proof; lakehaul run repairs it.'],
  flags: [
    ...COMMON_FLAGS,
    { name: 'source', doc: 'against what the source holds now, many chunks a scan; opens what differs' },
  ],
  json: [
    { command: 'verify', says: 'How many proofs were repeated, and which chunks differ.', shape: VERIFY_JSON },
    { command: 'verify --source', says: 'What each probe of the source found.', shape: VERIFY_SOURCE_JSON },
  ],
  async run(call) {
    await using session = await openSession(call);
    const { plans, scan } = await readLedger(session.ledger);
    const [name] = call.operands;
    const one = name !== undefined && /\/\d+$/.test(name) ? findChunk(plans, name) : null;
    const chosen =
      one !== null
        ? plans.filter((plan) => plan.tableId === one.tableId && plan.generation === one.generation)
        : name === undefined
          ? plans
          : findPlans(plans, name);
    if (call.flags['source'] === true)
      return verifySource(
        call,
        session,
        plans.filter((plan) => chosen.some(({ tableId }) => tableId === plan.tableId)),
      );
    const due: { tableId: string; generation: number; chunk: number; attempt: number }[] = [];
    for (const plan of chosen)
      scan.forEach(plan, (chunk, state) => {
        if (isDone(state) && (one === null || one.chunk === chunk))
          due.push({ tableId: plan.tableId, generation: plan.generation, chunk, attempt: state.attempt });
      });
    if (due.length === 0) throw new LakehaulError('USAGE', 'no chunk of it is proven yet', { next: 'lakehaul run' });
    const deps = {
      ledger: session.ledger,
      target: session.clouds.target,
      stage: session.clouds.stage,
      maxAttempts: session.config.attempts.max,
      diffRows: 100,
    };
    const different: string[] = [];
    let checked = 0;
    for (const attempt of due) {
      if (call.signal.aborted) break;
      if (!(await reproveChunk(deps, attempt, session.log))) different.push(chunkName(attempt));
      checked += 1;
      call.terminal.status(
        `proven again ${count(checked)} of ${counted(due.length, 'chunk')}, ${different.length} differ`,
      );
    }
    const left = due.length - checked;
    if (call.flags['json'] === true) printJson(call.terminal, VERIFY_JSON, { checked, left, different });
    else if (different.length === 0) call.terminal.out(`${counted(checked, 'chunk is', 'chunks are')} equal`);
    else
      call.terminal.out(
        `${different.length} of ${counted(checked, 'chunk')} different: ${different.slice(0, 10).join(', ')}\n  next: lakehaul diff ${different[0]}, then lakehaul run repairs them`,
      );
    if (left > 0) call.terminal.talk(`stopped: ${count(left)} of ${counted(due.length, 'chunk')} not looked at`);
    return different.length === 0 && left === 0 ? EXIT.done : EXIT.notProven;
  },
};

/** Whole tables: a probe asks for all chunks of a table, since each of its scans covers hundreds of them. */
async function verifySource(call: VerbCall, session: Session, plans: readonly TablePlan[]): Promise<number> {
  const { scan } = await readLedger(session.ledger);
  const deps = watchDeps(session, session.ledger, scan, 0);
  const results: { table: string; probe: ProbeResult }[] = [];
  for (const generations of byTable(plans)) {
    const proven = await provenChunks(deps, generations);
    const table = `${generations[0]?.source.schema}.${generations[0]?.source.table}`;
    if (proven === null)
      throw new LakehaulError('USAGE', `${table} is not proven yet: its chunks will be read anyway`, {
        next: 'lakehaul run',
      });
    results.push({ table, probe: await probeTable(deps, generations, proven, 'asked for by a person', call.signal) });
  }
  const differing = results.reduce((sum, { probe }) => sum + probe.reopened.length, 0);
  if (call.flags['json'] === true)
    printJson(call.terminal, VERIFY_SOURCE_JSON, {
      tables: results.map(({ table, probe }) => ({
        table,
        snapshotAt: probe.record.body.snapshotAt,
        chunks: probe.record.body.chunks,
        scans: probe.record.body.scans,
        amplification: probe.record.body.amplification,
        reopened: probe.reopened,
      })),
    });
  else
    for (const { table, probe } of results)
      call.terminal.out(
        `${table}: ${probeText(probe)}, ${count(probe.reopened.length)} differ${probe.reopened.length === 0 ? '' : '\n  next: lakehaul run hauls them'}`,
      );
  return differing === 0 ? EXIT.done : EXIT.notProven;
}
