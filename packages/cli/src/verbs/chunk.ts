import { LakehaulError } from '@lakehaul/core';
import { CHUNK_JSON, chunkStory, chunkStoryJson, findChunk } from '@lakehaul/operate';
import { printJson } from '../json/common.ts';
import { trailText } from '../print/trail.ts';
import { openSession } from '../session.ts';
import { COMMON_FLAGS, EXIT, type Verb } from '../verb.ts';

export const chunk: Verb = {
  name: 'chunk',
  operands: 'CHUNK',
  summary: 'the story of one chunk, told by its receipts',
  example: 'lakehaul chunk public.flights/3',
  flags: COMMON_FLAGS,
  json: [{ command: 'chunk CHUNK', says: 'Definition, state and every receipt of one chunk.', shape: CHUNK_JSON }],
  async run(call) {
    await using session = await openSession(call);
    const [name] = call.operands;
    if (name === undefined)
      throw new LakehaulError('USAGE', 'chunk needs a chunk', { next: 'lakehaul chunk TABLE/NUMBER' });
    const ref = findChunk(await session.ledger.readPlans(), name);
    const story = await chunkStory(session.ledger, ref);
    if (call.flags['json'] === true) printJson(call.terminal, CHUNK_JSON, chunkStoryJson(story));
    else call.terminal.out(trailText(story));
    return EXIT.done;
  },
};
