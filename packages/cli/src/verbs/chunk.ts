import { chunkName, LakehaulError } from '@lakehaul/core';
import type { StoredReceipt } from '@lakehaul/ledger';
import { CHUNK_JSON, findChunk } from '@lakehaul/operate';
import type { z } from 'zod';
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
    const [definition, state, trail] = await Promise.all([
      session.ledger.readChunk(ref),
      session.ledger.chunkState(ref),
      session.ledger.trail(ref),
    ]);
    if (call.flags['json'] === true)
      printJson(call.terminal, CHUNK_JSON, {
        chunk: chunkName(ref),
        definition: {
          ...definition,
          parts: [...definition.parts],
          estimatedRows: definition.estimatedRows.toString(),
          estimatedBytes: definition.estimatedBytes.toString(),
        },
        state: { ...state },
        trail: trail.map((receipt) => ({ ...receipt, body: jsonOf(receipt.body) })),
      });
    else call.terminal.out(trailText(ref, definition, state, trail));
    return EXIT.done;
  },
};

/** Bodies are JSON by birth; this tells the compiler, and drops the keys that a writer left undefined. */
function jsonOf(body: StoredReceipt['body']): Record<string, z.util.JSONType> {
  return JSON.parse(JSON.stringify(body)) as Record<string, z.util.JSONType>;
}
