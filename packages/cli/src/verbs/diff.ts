import { chunkName, LakehaulError } from '@lakehaul/core';
import { findChunk } from '../find-chunk.ts';
import { diffText } from '../print/diff.ts';
import { openSession } from '../session.ts';
import { COMMON_FLAGS, EXIT, type Verb } from '../verb.ts';

export const diff: Verb = {
  name: 'diff',
  operands: 'CHUNK',
  summary: 'the rows and columns in which a chunk differed, newest mismatch first',
  example: 'lakehaul diff public.flights/3',
  flags: COMMON_FLAGS,
  async run(call) {
    await using session = await openSession(call);
    const [name] = call.operands;
    if (name === undefined)
      throw new LakehaulError('USAGE', 'diff needs a chunk', { next: 'lakehaul diff TABLE/NUMBER' });
    const ref = findChunk(await session.ledger.readPlans(), name);
    const trail = await session.ledger.trail(ref);
    const mismatches = trail.filter((receipt) => receipt.stage === 'mismatched').reverse();
    const found = await Promise.all(
      mismatches.map(async (receipt) => ({
        receipt,
        rows:
          'rowsKey' in receipt.body && receipt.body.rowsKey !== null
            ? await session.ledger.readDiff(receipt.body.rowsKey)
            : null,
      })),
    );
    if (call.flags['json'] === true)
      call.terminal.out(
        JSON.stringify(
          {
            chunk: chunkName(ref),
            mismatches: found.map(({ receipt, rows }) => ({
              attempt: receipt.attempt,
              at: receipt.at,
              ...receipt.body,
              rows: rows === null ? null : JSON.parse(rows),
            })),
          },
          null,
          2,
        ),
      );
    else call.terminal.out(found.length === 0 ? `${chunkName(ref)} never differed` : found.map(diffText).join('\n\n'));
    return EXIT.done;
  },
};
