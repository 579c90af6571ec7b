import { chunkName, isDone, LakehaulError } from '@lakehaul/core';
import { readLedger } from '@lakehaul/fleet';
import { reproveChunk } from '@lakehaul/verifier';
import { findChunk, findPlans } from '../find-chunk.ts';
import { VERIFY_JSON } from '../json/chunk.ts';
import { printJson } from '../json/common.ts';
import { count } from '../print/units.ts';
import { openSession } from '../session.ts';
import { COMMON_FLAGS, EXIT, type Verb } from '../verb.ts';

export const verify: Verb = {
  name: 'verify',
  operands: '[TABLE|CHUNK]',
  summary: 'prove what is done again, against what the target holds now',
  example: 'lakehaul verify public.flights',
  details: ['A chunk that differs loses its earlier proof; lakehaul run repairs it.'],
  flags: COMMON_FLAGS,
  json: [{ command: 'verify', says: 'How many proofs were repeated, and which chunks differ.', shape: VERIFY_JSON }],
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
    for (const [index, attempt] of due.entries()) {
      if (call.signal.aborted) break;
      if (!(await reproveChunk(deps, attempt, session.log))) different.push(chunkName(attempt));
      call.terminal.status(
        `proven again ${count(index + 1)} of ${count(due.length)} chunks, ${different.length} differ`,
      );
    }
    if (call.flags['json'] === true) printJson(call.terminal, VERIFY_JSON, { checked: due.length, different });
    else if (different.length === 0) call.terminal.out(`${count(due.length)} chunks are equal`);
    else
      call.terminal.out(
        `${different.length} of ${count(due.length)} chunks differ: ${different.slice(0, 10).join(', ')}\n  next: lakehaul diff ${different[0]}, then lakehaul run repairs them`,
      );
    return different.length === 0 ? EXIT.done : EXIT.notProven;
  },
};
