import type { Ledger } from '@lakehaul/ledger';
import { expect, it } from 'vitest';
import { SALES } from '../../../test/support/api-world.ts';
import { quarantined } from './quarantine.ts';
import type { Snapshot } from './read-model.ts';

it('a million quarantined chunks are counted and refused, not named first', async () => {
  const named: number[] = [];
  const scan = {
    summary: () => ({ stages: { quarantined: 1_000_000 } }),
    find: (_plan: unknown, _match: unknown, _from: number, limit: number) => {
      named.push(limit);
      return [];
    },
  };
  const snapshot = { plans: [SALES], scan } as unknown as Snapshot;
  await expect(quarantined({ ledger: {} as Ledger, snapshot }, {}, { most: 100, expected: undefined })).rejects.toThrow(
    /1,?000,?000 chunks are more than one request takes \(100\)/,
  );
  expect(named).toEqual([]);
});
