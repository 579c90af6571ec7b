import { createFaults } from '@lakehaul/sandbox';
import { describe, expect, it, vi } from 'vitest';
import { Injector } from './injector.ts';

describe('faults of a drill without Redis', () => {
  it('begin with the first chunk, however long the embedded store takes to start', async () => {
    const faults = createFaults();
    const plan = [{ point: 's3.*', nth: 0, happens: { kind: 'throttled' } as const }];
    const schedule = [{ atReceipts: 0, action: { kind: 'faults', plan, forMs: 3_600_000 } as const }];
    const clouds = { faults, setWarehouse: async () => undefined };
    const injector = new Injector(clouds, { fleets: [], redises: [] }, schedule);
    injector.at(0);
    await faults.before('s3.PutObject');
    expect(injector.isOver).toBe(false);
    injector.begun();
    await vi.waitFor(() => expect(injector.isOver).toBe(true), 15_000);
    await expect(faults.before('s3.PutObject')).rejects.toThrow();
    expect(injector.hits).toBe(1);
    await injector.end();
    expect(faults.plan).toEqual([]);
  });
});
