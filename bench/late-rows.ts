/**
 * 3 late rows, 1 update, 1 delete and 1 moved key among 1,000 proven chunks, through the local clouds and the real drivers:
 * the code of test/journey/many-chunks, which does the same with fewer chunks in CI. Fails unless exactly the changed
 * chunks were opened again and the oracle finds both sides equal in the end.
 */
import { parseArgs } from 'node:util';
import { faultsOf, lateRowsAmong } from '../test/support/late-rows.ts';
import { startWorld } from '../test/support/world.ts';

export async function bench(args: readonly string[]) {
  const { values } = parseArgs({ args: [...args], options: { chunks: { type: 'string', default: '1000' } } });
  await using world = await startWorld();
  const seen = await lateRowsAmong(world, Number(values.chunks), (text) => console.error(text));
  const faults = faultsOf(seen);
  if (faults.length > 0) throw new Error(faults.join('\n'));
  console.error(`touched ${seen.touched.join(', ')}; opened again ${seen.reopened.join(', ')}`);
  console.error(`evidence ${[seen.before, seen.written, seen.probed, seen.after].map(evidenceText).join(' → ')}`);
  const { haul, look, probe, swap } = seen.seconds;
  return {
    ...{ chunks: seen.chunks, rows: seen.rows, reopened: seen.reopened, scans: seen.scans },
    ...{ rowsScanned: Number(seen.rowsScanned), amplification: seen.amplification },
    ...{ haulSeconds: haul, lookSeconds: look, probeSeconds: probe, swapSeconds: swap, equal: true },
  };
}

function evidenceText({ evidence, codes }: { evidence: string; codes: readonly string[] }): string {
  return codes.length === 0 ? evidence : `${evidence} (${codes.join(', ')})`;
}
