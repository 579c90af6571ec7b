import { chunkName, LakehaulError, type ReceiptBodies } from '@lakehaul/core';
import { ACCEPT_JSON, acceptChunk, findChunk, planAcceptance } from '@lakehaul/operate';
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
    const acceptance = await planAcceptance({ ledger: session.ledger, target: session.clouds.target }, ref, by);
    const { body } = acceptance;
    let accepted = body;
    const isJson = call.flags['json'] === true;
    if (!isJson) tell(call, chunkName(ref), body);
    if (call.flags['dry-run'] !== true) {
      await refuseUnconfirmed(call, chunkName(ref));
      const result = await acceptChunk(session.ledger, acceptance);
      accepted = result.accepted;
      if (!result.isMine) call.terminal.talk(`${chunkName(ref)} was accepted before; that receipt stays`);
    }
    const isDryRun = call.flags['dry-run'] === true;
    const { attempt } = acceptance.ref;
    if (isJson) printJson(call.terminal, ACCEPT_JSON, { isDryRun, chunk: chunkName(ref), attempt, accepted });
    else if (!isDryRun) call.terminal.out(`${chunkName(ref)} is accepted as it is`);
    return EXIT.done;
  },
};

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
