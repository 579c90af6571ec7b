import { type ChunkStage, JOURNEY, LakehaulError } from '@lakehaul/core';
import { readLedger } from '@lakehaul/fleet';
import { CHUNKS_JSON, type ChunkFilter, findPlans, listChunks } from '@lakehaul/operate';
import { printJson } from '../json/common.ts';
import { chunksText } from '../print/chunks.ts';
import { openSession } from '../session.ts';
import { COMMON_FLAGS, EXIT, type Verb, wholeNumber } from '../verb.ts';

export const chunks: Verb = {
  name: 'chunks',
  operands: '[TABLE]',
  summary: 'chunks by stage or error code, each with why it is so and what to do',
  example: 'lakehaul chunks public.flights --stage quarantined',
  details: ['One page at a time: --after takes the cursor that ends the page before.'],
  flags: [
    ...COMMON_FLAGS,
    { name: 'stage', value: 'STAGE', doc: JOURNEY.map((row) => row.stage).join(', ') },
    { name: 'code', value: 'CODE', doc: 'error code of the newest attempt, or of what led to it' },
    { name: 'limit', value: 'N', doc: 'chunks on a page', default: '50' },
    { name: 'after', value: 'CURSOR', doc: 'go on after this chunk' },
  ],
  json: [{ command: 'chunks', says: 'A page of chunks, in the order of the plans.', shape: CHUNKS_JSON }],
  async run(call) {
    const filter = chunkFilter(call.flags);
    const limit = wholeNumber('limit', call.flags['limit']);
    await using session = await openSession(call);
    const { plans, scan } = await readLedger(session.ledger);
    const [name] = call.operands;
    const chosen = name === undefined ? plans : findPlans(plans, name);
    const after = typeof call.flags['after'] === 'string' ? call.flags['after'] : null;
    const page = await listChunks({ ledger: session.ledger, plans: chosen, scan }, filter, { after, limit });
    if (call.flags['json'] === true)
      printJson(call.terminal, CHUNKS_JSON, {
        chunks: page.chunks.map(({ ref: _ref, ...each }) => each),
        next: page.next,
      });
    else call.terminal.out(chunksText(page, call.terminal.columns));
    return EXIT.done;
  },
};

export function chunkFilter(flags: Readonly<Record<string, string | boolean | undefined>>): ChunkFilter {
  const { stage, code } = flags;
  return { stage: typeof stage === 'string' ? stageNamed(stage) : null, code: typeof code === 'string' ? code : null };
}

function stageNamed(name: string): ChunkStage {
  const row = JOURNEY.find((each) => each.stage === name);
  if (row === undefined)
    throw new LakehaulError('USAGE', `${name} is no stage`, {
      next: `one of ${JOURNEY.map((each) => each.stage).join(', ')}`,
    });
  return row.stage;
}
