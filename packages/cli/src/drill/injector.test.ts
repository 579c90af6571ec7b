import { createFaults } from '@lakehaul/sandbox';
import { describe, expect, it, vi } from 'vitest';
import { Injector } from './injector.ts';

function inject(forMs: number) {
  const faults = createFaults();
  const clouds = { faults, setWarehouse: async () => undefined };
  const plan = [{ point: 's3.*', nth: 0, happens: { kind: 'throttled' } as const }];
  const schedule = [{ atReceipts: 0, action: { kind: 'faults', plan, forMs } as const }];
  return { faults, injector: new Injector(clouds, { fleets: [], redises: [] }, schedule) };
}

describe('a window of faults', () => {
  it('is open from the start, and runs out only after work has begun: a slow start does not use it up', async () => {
    const { faults, injector } = inject(0);
    injector.at(0);
    // Longer than its time, if it were counted from the start.
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
    await expect(faults.before('s3.PutObject')).rejects.toThrow();
    expect(injector.isOver).toBe(false);
    injector.begun();
    await vi.waitFor(() => expect(faults.plan).toEqual([]));
    await faults.before('s3.PutObject');
    // What it did is not forgotten with it.
    expect([injector.isOver, injector.hits]).toEqual([true, 1]);
  });

  it('ends with the drill, begun or not, and need not be waited for', async () => {
    const { faults, injector } = inject(3_600_000);
    injector.at(0);
    injector.begun();
    await vi.waitFor(() => expect(injector.isOver).toBe(true));
    await expect(faults.before('s3.PutObject')).rejects.toThrow();
    expect(injector.hits).toBe(1);
    await injector.end();
    expect(faults.plan).toEqual([]);
    const idle = inject(3_600_000);
    idle.injector.at(0);
    await idle.injector.end();
    expect(idle.faults.plan).toEqual([]);
  });
});
