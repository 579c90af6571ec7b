import { expect, it } from 'vitest';
import { probeAmplification } from './probe-amplification.ts';

const ranges = { keyColumns: ['id'], scanAmplification: 1, chunkCount: 1_000 };

it.each([
  ['bounded scans that follow each other read the table once', ranges, { rows: 900n, rowsScanned: 900n, scans: 3 }, 1],
  ['two scans of the same rows read them twice', ranges, { rows: 900n, rowsScanned: 1_350n, scans: 3 }, 1.5],
  [
    'without zone maps each scan reads the whole table, whatever its bounds',
    { ...ranges, scanAmplification: 1_000 },
    { rows: 900n, rowsScanned: 900n, scans: 3 },
    3,
  ],
  ['buckets come from one scan', { ...ranges, keyColumns: [] }, { rows: 900n, rowsScanned: 900n, scans: 1 }, 1],
  ['of a table without rows the scans are left', ranges, { rows: 0n, rowsScanned: 0n, scans: 2 }, 2],
])('%s', (_name, plan, probe, expected) => {
  expect(probeAmplification(plan, probe)).toBe(expected);
});
