/** Late rows among many chunks: 200 here; `npm run bench -- late-rows` runs the same code with 1,000. */
import { expect, it } from 'vitest';
import { faultsOf, lateRowsAmong } from '../support/late-rows.ts';
import { equalRows } from '../support/small-table.ts';
import { startWorld } from '../support/world.ts';

it('six changes among many proven chunks: exactly their chunks are opened again, swapped and proven', async () => {
  await using world = await startWorld();
  const seen = await lateRowsAmong(world, 200);
  expect(faultsOf(seen)).toEqual([]);
  expect(seen).toMatchObject({
    chunks: 200,
    before: { evidence: 'PASS', codes: [] },
    written: { evidence: 'FAIL', codes: ['SOURCE_WRITTEN'] },
    probed: { evidence: 'FAIL', codes: ['CHUNKS_NOT_PROVEN', 'NOT_SEALED'] },
    after: { evidence: 'PASS', codes: [] },
    end: equalRows(seen.rows + 2),
  });
  expect(seen.touched).toHaveLength(7);
  expect(seen.reopened).toEqual(seen.touched);
  expect(seen.scans).toBe(seen.scansInHistory);
  expect(seen.amplification).toBe(1);
}, 600_000);
