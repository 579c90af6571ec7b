import { type AttemptRef, chunkName, LakehaulError, must, type ReceiptBodies } from '@lakehaul/core';
import type { Session } from '@lakehaul/fleet';
import { ACCEPT_JSON, findChunk } from '@lakehaul/operate';
import { printJson } from '../json/common.ts';
import { counted } from '../print/units.ts';
import { openSession } from '../session.ts';
import { COMMON_FLAGS, EXIT, type Verb, type VerbCall } from '../verb.ts';
import { BY_FLAGS, byWhom } from '../who.ts';

export const accept: Verb = {
  name: 'accept',
  operands: 'CHUNK',
  summary: 'take a quarantined chunk as it is: never called verified, and named by the gate',
  example: 'lakehaul accept public.flights/3 --reason "junk rows, ticket 4711"',
  details: [
    'It cannot be undone, only replayed; the chunk’s name must be typed. Evidence stays FAIL with CHUNKS_ACCEPTED,',
    'which whoever approves the cutover signs for. The seal holds the target to what it holds now.',
  ],
  flags: [
    ...COMMON_FLAGS,
    ...BY_FLAGS,
    { name: 'dry-run', doc: 'print what would be recorded; change nothing' },
    { name: 'confirm', value: 'CHUNK', doc: 'the chunk’s full name, where nobody is there to type it' },
  ],
  json: [{ command: 'accept', says: 'What is recorded of the acceptance.', shape: ACCEPT_JSON }],
  async run(call) {
    const [name] = call.operands;
    if (name === undefined)
      throw new LakehaulError('USAGE', 'accept needs a chunk', { next: 'lakehaul accept TABLE/NUMBER --reason "…"' });
    const by = byWhom(call);
    await using session = await openSession(call);
    const ref = findChunk(await session.ledger.readPlans(), name);
    const { stage, attempt } = await session.ledger.chunkState(ref);
    if (stage !== 'quarantined')
      throw new LakehaulError('CHUNK_NOT_QUARANTINED', `${chunkName(ref)} is ${stage}`, { where: chunkName(ref) });
    const { body, causedBy } = await acceptedBody(session, { ...ref, attempt }, by);
    let accepted = body;
    const isJson = call.flags['json'] === true;
    if (!isJson) tell(call, chunkName(ref), body);
    if (call.flags['dry-run'] !== true) {
      await refuseUnconfirmed(call, chunkName(ref));
      const { isMine, receipt } = await session.ledger.write({ ...ref, attempt }, 'accepted', body, causedBy);
      accepted = receipt.body;
      if (!isMine) call.terminal.talk(`${chunkName(ref)} was accepted before; that receipt stays`);
    }
    const isDryRun = call.flags['dry-run'] === true;
    if (isJson) printJson(call.terminal, ACCEPT_JSON, { isDryRun, chunk: chunkName(ref), attempt, accepted });
    else if (!isDryRun) call.terminal.out(`${chunkName(ref)} is accepted as it is`);
    return EXIT.done;
  },
};

async function acceptedBody(
  session: Session,
  attempt: AttemptRef,
  by: { who: string; reason: string },
): Promise<{ body: ReceiptBodies['accepted']; causedBy: string }> {
  const { ledger, clouds } = session;
  const quarantined = must(await ledger.read(attempt, 'quarantined'), 'quarantined receipt');
  const mismatched = await ledger.read(attempt, 'mismatched');
  const plan = must(await ledger.readPlan(attempt.tableId, attempt.generation), `plan of ${attempt.tableId}`);
  const targetVersion = await clouds.target.version(plan.target);
  const held = await clouds.target.countLineages(plan, attempt.chunk, targetVersion);
  return {
    causedBy: quarantined.key,
    body: {
      ...by,
      code: quarantined.body.code,
      differences: mismatched?.body.differences ?? [quarantined.body.message],
      rowsSha256: mismatched?.body.rowsSha256 ?? null,
      targetVersion,
      held: held.map(({ lineage, rowCount }) => ({ lineage: lineage.toString(), rowCount })),
    },
  };
}

function tell(call: VerbCall, chunk: string, body: ReceiptBodies['accepted']): void {
  const rows = body.held.reduce((sum, each) => sum + BigInt(each.rowCount), 0n);
  call.terminal.out(`${chunk}: ${body.code}`);
  for (const difference of body.differences) call.terminal.out(`  differs: ${difference}`);
  if (body.rowsSha256 !== null) call.terminal.out(`  digest of the named rows: ${body.rowsSha256}`);
  call.terminal.out(`  the target holds ${counted(rows, 'row')} of it at version ${body.targetVersion}`);
  call.terminal.out(`  accepted by ${body.who}: ${body.reason}`);
}

async function refuseUnconfirmed(call: VerbCall, chunk: string): Promise<void> {
  const given = call.flags['confirm'];
  const typed =
    typeof given === 'string'
      ? given
      : call.ask === undefined
        ? ''
        : await call.ask(`this cannot be undone; type ${chunk} to accept it: `);
  if (typed.trim() !== chunk)
    throw new LakehaulError('USAGE', `${chunk} was not confirmed; nothing was changed`, {
      next: `type its name, or --confirm ${chunk}`,
    });
}
