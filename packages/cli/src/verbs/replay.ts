import { chunkName, isDone, LakehaulError, must, type TablePlan } from '@lakehaul/core';
import { readLedger, type Session } from '@lakehaul/fleet';
import { type LedgerScan, reopenChunks } from '@lakehaul/ledger';
import { findChunk, findPlans, type ListedChunk, REPLAY_JSON, replayByFilter, replayByName } from '@lakehaul/operate';
import { printJson } from '../json/common.ts';
import { counted } from '../print/units.ts';
import { openSession } from '../session.ts';
import { COMMON_FLAGS, EXIT, type Verb, type VerbCall } from '../verb.ts';
import { agrees, BY_FLAGS, byWhom } from '../who.ts';
import { chunkFilter } from './chunks.ts';

const SHOWN = 20;

export const replay: Verb = {
  name: 'replay',
  operands: '[CHUNK…]',
  summary: 'open a new attempt of chunks, one by one or by filter; it starts from the source',
  example: 'lakehaul replay --table flights --code HASH_MISMATCH --dry-run',
  details: [
    'A filter takes quarantined chunks unless --stage says otherwise. The new attempt has a whole budget of repairs,',
    'and replaces what stands in the target under the chunk’s lineage. lakehaul run, or the fleet, does the work.',
  ],
  flags: [
    ...COMMON_FLAGS,
    { name: 'table', value: 'TABLE', doc: 'chunks of this table' },
    { name: 'stage', value: 'STAGE', doc: 'chunks in this stage', default: 'quarantined' },
    { name: 'code', value: 'CODE', doc: 'with this error code, or with this cause' },
    { name: 'from', value: 'STEP', doc: 'step to begin with; an attempt always begins with unload', default: 'unload' },
    ...BY_FLAGS,
    { name: 'dry-run', doc: 'print exactly the chunks and attempts; change nothing' },
    { name: 'yes', doc: 'do not ask' },
  ],
  json: [{ command: 'replay', says: 'The attempts that are opened; the same with --dry-run.', shape: REPLAY_JSON }],
  async run(call) {
    const by = call.flags['dry-run'] === true ? null : byWhom(call);
    if (call.flags['from'] !== 'unload')
      throw new LakehaulError(
        'USAGE',
        `an attempt cannot begin with ${String(call.flags['from'])}: what is staged or loaded belongs to the attempt that failed`,
        {
          next: '--from unload',
        },
      );
    await using session = await openSession(call);
    const { plans, scan } = await readLedger(session.ledger);
    const chosen = await chooseChunks(call, session, plans, scan);
    const steps = chosen.map((each) => ({ chunk: each.chunk, stage: each.stage, attempt: each.attempt + 1 }));
    const isDryRun = by === null;
    const isJson = call.flags['json'] === true;
    if (!isJson || !isDryRun) tell(call, chosen, isJson);
    if (isDryRun) {
      if (isJson) printJson(call.terminal, REPLAY_JSON, { isDryRun, chunks: steps });
      return EXIT.done;
    }
    if (chosen.length === 0 || !(await agrees(call, `open ${counted(chosen.length, 'attempt')}?`)))
      return chosen.length === 0 ? EXIT.done : EXIT.refused;
    const reopened = await reopenChunks(
      session.ledger,
      chosen.map((each) => each.ref),
      { reason: `${by.who}: ${by.reason}`, causedBy: null },
    );
    const done = reopened.map(({ ref, attempt }) => ({
      chunk: chunkName(ref),
      stage: must(
        steps.find((step) => step.chunk === chunkName(ref)),
        'chosen chunk',
      ).stage,
      attempt,
    }));
    if (isJson) printJson(call.terminal, REPLAY_JSON, { isDryRun, chunks: done });
    else
      call.terminal.out(`${counted(done.length, 'attempt is', 'attempts are')} open; lakehaul run goes on from there`);
    return EXIT.done;
  },
};

/** What the dry run prints and the run does. */
async function chooseChunks(
  call: VerbCall,
  session: Session,
  plans: readonly TablePlan[],
  scan: LedgerScan,
): Promise<ListedChunk[]> {
  const table = call.flags['table'];
  const from = { ledger: session.ledger, plans, scan };
  if (call.operands.length > 0)
    return replayByName(
      from,
      call.operands.map((name) => findChunk(plans, name)),
    );
  if (typeof table !== 'string')
    throw new LakehaulError('USAGE', 'replay needs chunks or a table', {
      next: 'lakehaul replay TABLE/NUMBER, or --table TABLE with --code or --stage',
    });
  return replayByFilter({ ...from, plans: findPlans(plans, table) }, chunkFilter(call.flags));
}

function tell(call: VerbCall, chosen: readonly ListedChunk[], isJson: boolean): void {
  const say = (line: string) => (isJson ? call.terminal.talk(line) : call.terminal.out(line));
  for (const each of chosen.slice(0, SHOWN))
    say(
      `${each.chunk}  ${each.stage}${each.trouble === null ? '' : ` ${each.trouble.cause}`} → attempt ${each.attempt + 1}`,
    );
  if (chosen.length > SHOWN) say(`and ${chosen.length - SHOWN} more`);
  const proven = chosen.filter((each) => isDone(each)).length;
  say(
    `${counted(chosen.length, 'chunk')} to replay${proven > 0 ? `, ${proven} of them proven before: that proof ends with the new attempt` : ''}`,
  );
}
