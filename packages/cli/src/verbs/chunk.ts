import { chunkName, LakehaulError } from '@lakehaul/core';
import { findChunk } from '../find-chunk.ts';
import { trailText } from '../print/trail.ts';
import { openSession } from '../session.ts';
import { COMMON_FLAGS, EXIT, type Verb } from '../verb.ts';

export const chunk: Verb = {
  name: 'chunk',
  operands: 'CHUNK',
  summary: 'the story of one chunk, told by its receipts',
  example: 'lakehaul chunk public.flights/3',
  flags: COMMON_FLAGS,
  async run(call) {
    await using session = await openSession(call);
    const [name] = call.operands;
    if (name === undefined)
      throw new LakehaulError('USAGE', 'chunk needs a chunk', { next: 'lakehaul chunk TABLE/NUMBER' });
    const ref = findChunk(await session.ledger.readPlans(), name);
    const [definition, state, trail] = await Promise.all([
      session.ledger.readChunk(ref),
      session.ledger.chunkState(ref),
      session.ledger.trail(ref),
    ]);
    if (call.flags['json'] === true)
      call.terminal.out(
        JSON.stringify(
          { chunk: chunkName(ref), definition, state, trail },
          (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value),
          2,
        ),
      );
    else call.terminal.out(trailText(ref, definition, state, trail));
    return EXIT.done;
  },
};
