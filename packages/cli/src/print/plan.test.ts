import { expect, it } from 'vitest';
import { tablePlan } from '../../../../test/support/ledger-world.ts';
import { planText } from './plan.ts';

const MIB = 1_048_576;
const RATES = { bytesPerSecond: `${100 * MIB}`, stagedBytesPerSecond: '1', slowestBytesPerSecond: `${50 * MIB}` };
const CALIBRATION = {
  ...{ schemaVersion: 1 as const, chunks: 4, atOnce: 3, ...RATES, fastestBytesPerSecond: `${100 * MIB}`, samples: [] },
  conditions: { kind: 'provisioned' as const, slices: 16, nodes: 4, startSlots: 8 },
};

/** Ten chunks of 3,000 MiB: 30 s to a minute each. */
function text(calibration: typeof CALIBRATION | null, timeoutMs: number): string {
  const plan = tablePlan(10, { estimatedBytes: String(30_000 * MIB) });
  const table = { plan, existing: null, ddl: [], isNew: true, acknowledged: [], chunks: () => [], refusals: [] };
  const migration = { tables: [table], notMoved: [], calibration, refusals: [] };
  return planText(migration, { width: 200, isDryRun: false, timeoutMs });
}

it('tells how long UNLOADs take where the source was measured, and what does not fit the time-out', () => {
  const roomy = text(CALIBRATION, 3_600_000);
  expect(roomy).toContain(
    'UNLOAD: 100.0 MiB/s, 6.25 MiB/s for each of 16 slices (measured on 4 chunks, up to 3 at once)',
  );
  expect(roomy).toMatch(/public\.flights: 2\.93 GiB in 30 s to 1 min 00 s each; all of it in 5 min 00 s/);
  expect(text(CALIBRATION, 100_000)).toContain('each: more than half of the time-out; all of it');
  expect(text(CALIBRATION, 29_000)).toContain('each: longer than the time-out; all of it');
  expect(text(null, 29_000)).not.toContain('UNLOAD');
});
