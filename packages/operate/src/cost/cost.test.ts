import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BODIES, chunkRef, LedgerWorld, rangeChunks, tablePlan } from '../../../../test/support/ledger-world.ts';
import { budgetCheck } from './budget.ts';
import { busyMs } from './busy-time.ts';
import { COST_PARTS, costOf, type Prices, type Usage } from './cost.ts';
import { CostMeter } from './cost-meter.ts';
import { microsText, parseMicros, priceOf } from './money.ts';
import { type UsageLedger, UsageMeter } from './usage.ts';

const PRICES: Prices = {
  currency: 'USD',
  redshift: { unitHour: 360_000n, units: 8, sharePercent: 50 },
  s3: { putThousand: 5_000n, getThousand: 400n, gibMonth: 23_000n },
  databricks: { dbu: 700_000n, dbusPerHour: 12_500_000n },
};
const USAGE: Usage = {
  ...{ sourceMs: 7_200_000n, targetMs: 3_600_000n, putRequests: 10_000n, getRequests: 100_000n },
  ...{ storedByteSeconds: 10n * 1_073_741_824n * 30n * 86_400n, provenBytes: 25n, plannedBytes: 100n },
  ...{ graceByteSeconds: 20n * 1_073_741_824n * 30n * 86_400n, readChunks: 20, provenChunks: 25 },
};

describe('money', () => {
  it('is exact: text to micro-units and back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 15n - 1n }), (micros) => {
        expect(parseMicros(microsText(micros))).toBe(micros);
      }),
    );
    expect([parseMicros('0.36'), parseMicros('12'), microsText(1n)]).toEqual([360_000n, 12_000_000n, '0.000001']);
    for (const text of ['', '1e3', '-1', '1.0000001', '1,5', ' 1', '1.'])
      expect(() => parseMicros(text)).toThrow('no amount');
    expect([priceOf(1n, 1n, 1_000n), priceOf(1n, 0n, 1_000n), priceOf(5_000n, 10_000n, 1_000n)]).toEqual([
      1n,
      0n,
      50_000n,
    ]);
  });
});

describe('the cost', () => {
  it('is units × hours × share, DBUs × hours, requests and byte-months; what is left costs as what was done', () => {
    const cost = costOf(USAGE, PRICES);
    expect(cost.soFar).toEqual({
      redshift: 2_880_000n, // 2 h x 8 x 0.36 x 50 %
      s3: 50_000n + 40_000n + 230_000n,
      databricks: 8_750_000n, // 12.5 x 0.70
    });
    expect(cost.totalSoFar).toBe(11_950_000n);
    // Files will lie twice as long as they have.
    expect(cost.totalAtCompletion).toBe(4n * (11_950_000n + 230_000n));
    expect(cost.reason).toBeNull();
  });

  it('is null with the reason where nothing is known, never a sum that leaves something out', () => {
    expect(costOf(USAGE, null)).toMatchObject({
      totalSoFar: null,
      currency: null,
      reason: 'the configuration has no prices',
    });
    const part = costOf(USAGE, { ...PRICES, databricks: null });
    expect(part).toMatchObject({ totalSoFar: null, totalAtCompletion: null, reason: 'no prices for databricks' });
    expect(part.soFar.redshift).toBe(2_880_000n);
    const early = costOf({ ...USAGE, provenBytes: 0n }, PRICES);
    expect(early).toMatchObject({ totalSoFar: 11_950_000n, totalAtCompletion: null });
    expect(early.reason).toContain('nothing is proven yet');
  });

  it('at completion is never less than so far, and never falls as more is used', () => {
    const amount = fc.bigInt({ min: 0n, max: 10n ** 15n });
    fc.assert(
      fc.property(
        amount,
        amount,
        amount,
        fc.bigInt({ min: 1n, max: 10n ** 15n }),
        amount,
        (a, b, more, proven, left) => {
          const usage = {
            ...USAGE,
            sourceMs: a,
            storedByteSeconds: b,
            graceByteSeconds: b,
            provenBytes: proven,
            plannedBytes: proven + left,
          };
          const cost = costOf(usage, PRICES);
          const later = costOf({ ...usage, sourceMs: a + more }, PRICES);
          expect((cost.totalAtCompletion ?? -1n) >= (cost.totalSoFar ?? 0n)).toBe(true);
          expect((later.totalSoFar ?? -1n) >= (cost.totalSoFar ?? 0n)).toBe(true);
          for (const each of COST_PARTS) expect((cost.soFar[each] ?? -1n) >= 0n).toBe(true);
        },
      ),
    );
  });
});

describe('the budget', () => {
  const cost = costOf(USAGE, PRICES);
  const at = (capMicros: bigint) => budgetCheck(cost, { capMicros, warnPercent: 80 });

  it('is a check: ok below the warning share, warns from it on, stops at the cap, each at its very edge', () => {
    expect(at(14_937_501n)).toMatchObject({ name: 'budget', verdict: 'ok', value: 79, mayClimb: true });
    expect(at(14_937_500n)).toMatchObject({ verdict: 'warn', value: 80, limit: 80, mayClimb: false });
    expect(at(11_950_001n)).toMatchObject({ verdict: 'warn', value: 99 });
    expect(at(11_950_000n)).toMatchObject({ verdict: 'stop', value: 100, limit: 100, isMeasured: false });
    expect(at(11_950_000n).reason).toBe('11.950000 of 11.950000 USD spent: the budget is used up');
    expect(at(0n)).toMatchObject({ verdict: 'stop', value: 100 });
  });

  it('counts what is known where a part has no prices, and says so where none has', () => {
    const part = costOf(USAGE, { ...PRICES, redshift: null, databricks: null });
    expect(budgetCheck(part, { capMicros: 320_000n, warnPercent: 80 })).toMatchObject({ verdict: 'stop' });
    const none = budgetCheck(costOf(null, null), { capMicros: 1n, warnPercent: 80 });
    expect(none).toMatchObject({
      value: null,
      verdict: 'ok',
      reason: 'not readable here: the configuration has no prices',
    });
  });
});

describe('busy time', () => {
  const runs = (seconds: number[], lengthMs: number) => [{ seconds: Uint32Array.from(seconds), lengthMs }];

  it('counts what ran side by side once, and gaps not at all', () => {
    expect(busyMs([])).toBe(0);
    expect(busyMs(runs([1_000], 10_000))).toBe(10_000);
    expect(busyMs(runs([1_000, 1_000, 1_005], 10_000))).toBe(15_000);
    expect(busyMs(runs([1_000, 2_000], 10_000))).toBeGreaterThanOrEqual(20_000);
    expect(busyMs(runs([1_000, 2_000], 10_000))).toBeLessThanOrEqual(20_400);
  });

  it('is never more than all one after the other, nor less than the longest', () => {
    const seconds = fc.array(fc.integer({ min: 1_000, max: 50_000 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(seconds, fc.integer({ min: 1, max: 100_000 }), (list, lengthMs) => {
        const busy = busyMs(runs(list, lengthMs));
        expect(busy).toBeGreaterThanOrEqual(lengthMs);
        expect(busy).toBeLessThanOrEqual(list.length * (lengthMs + 200));
      }),
    );
  });
});

describe('usage', () => {
  async function proven(chunks: number, ofThem: number) {
    const world = new LedgerWorld();
    const ledger = world.open();
    const plan = tablePlan(chunks);
    await ledger.writePlan(plan, rangeChunks(plan));
    for (let chunk = 0; chunk < ofThem; chunk++) {
      const ref = { ...chunkRef(plan, chunk), attempt: 1 };
      await ledger.openAttempt(ref, { attempt: 1, body: BODIES.opened, causedBy: null });
      for (const stage of ['unloaded', 'loaded', 'verified'] as const)
        await ledger.write(ref, stage, BODIES[stage], null);
    }
    world.tick(1);
    const scan = ledger.openScan();
    await scan.refresh();
    return { ledger, plan, scan, world };
  }

  it('is counted from the receipts of proven chunks: files, bytes and times', async () => {
    const { ledger, plan, scan } = await proven(4, 3);
    const usage = await new UsageMeter({ graceMs: 86_400_000 }).measure(ledger, [plan], scan);
    expect(usage).toMatchObject({ readChunks: 3, provenChunks: 3, putRequests: 3n + 18n, getRequests: 6n + 18n });
    expect(usage.provenBytes).toBe((BigInt(plan.estimatedBytes) * 3n) / 4n);
    expect(usage.plannedBytes).toBe(BigInt(plan.estimatedBytes));
    expect(usage.sourceMs > 0n && usage.targetMs > 0n).toBe(true);
    expect(usage.storedByteSeconds % 1_000n).toBe(0n);
  });

  it('reads some of many, each once, and counts all; nothing without prices', async () => {
    const { ledger, plan, scan } = await proven(50, 45);
    let reads = 0;
    const counting: UsageLedger = {
      read: (ref, stage) => {
        reads++;
        return ledger.read(ref, stage);
      },
      ...others(ledger),
    };
    const meter = new UsageMeter({ graceMs: 0 });
    const usage = await meter.measure(counting, [plan], scan);
    expect(usage).toMatchObject({ provenChunks: 45, putRequests: 45n * 7n, storedByteSeconds: 0n });
    expect(usage.readChunks).toBeLessThanOrEqual(20);
    const before = reads;
    expect(await meter.measure(counting, [plan], scan)).toEqual(usage);
    expect(reads).toBe(before);
    const unpriced = new CostMeter({ prices: { warnPercent: 80, cap: '1' }, staging: { graceMs: 0 } });
    expect((await unpriced.measure(counting, [plan], scan)).cost.reason).toBe('the configuration has no prices');
    expect(reads).toBe(before);
  });

  it('tries that failed and what is not proven count by what they did; a chunk that nobody has begun does not', async () => {
    const { ledger, plan, scan, world } = await proven(6, 1);
    const meter = () => new UsageMeter({ graceMs: 0 }).measure(ledger, [plan], scan);
    const one = await meter();
    expect(one).toMatchObject({ putRequests: 7n, provenChunks: 1 });
    const failed = { step: 'load', code: 'UNAVAILABLE', message: 'away', retryAfterMs: 0 } as const;
    const open = async (chunk: number, attempt: number) => {
      const ref = { ...chunkRef(plan, chunk), attempt };
      await ledger.openAttempt(ref, { attempt, body: BODIES.opened, causedBy: null });
      return ref;
    };
    // Opened, nothing done yet.
    await open(1, 1);
    await scan.refresh();
    expect((await meter()).putRequests).toBe(7n);
    // Failed once, then staged: two tries.
    const second = await open(2, 1);
    await ledger.recordFailure(second, failed);
    await ledger.write(second, 'unloaded', BODIES.unloaded, null);
    world.tick(100);
    await scan.refresh();
    const three = await meter();
    expect(three).toMatchObject({ putRequests: 21n, getRequests: 24n, provenChunks: 1, provenBytes: one.provenBytes });
    // Proven in the end: the try that failed stays paid for.
    for (const stage of ['loaded', 'verified'] as const) await ledger.write(second, stage, BODIES[stage], null);
    await scan.refresh();
    expect(await meter()).toMatchObject({ putRequests: 21n, provenChunks: 2 });
    expect(three.sourceMs).toBeGreaterThan(one.sourceMs);
    expect(three.targetMs).toBeGreaterThan(one.targetMs);
  });

  it('what only fails costs, too, though nothing is proven; what the rest will cost is not known then', async () => {
    const { ledger, plan, scan } = await proven(2, 0);
    const ref = { ...chunkRef(plan, 0), attempt: 1 };
    await ledger.openAttempt(ref, { attempt: 1, body: BODIES.opened, causedBy: null });
    await ledger.write(ref, 'unloaded', BODIES.unloaded, null);
    await ledger.write(ref, 'quarantined', BODIES.quarantined, null);
    await scan.refresh();
    const usage = await new UsageMeter({ graceMs: 0 }).measure(ledger, [plan], scan);
    expect(usage).toMatchObject({ putRequests: 7n, provenChunks: 0, provenBytes: 0n });
    expect(usage.sourceMs).toBe(BigInt(BODIES.unloaded.durationMs));
    const cost = costOf(usage, PRICES);
    expect([cost.totalSoFar !== null && cost.totalSoFar > 0n, cost.totalAtCompletion]).toEqual([true, null]);
  });

  it('probes are time at the source, seals at the target, and each of our requests to S3 is counted, LISTs as PUTs', async () => {
    const { ledger, plan, scan, world } = await proven(4, 3);
    const meter = new UsageMeter({ graceMs: 0 });
    const before = await meter.measure(ledger, [plan], scan);
    world.tick(30);
    const id = plan.tableId;
    await ledger.appendRecord(`tables/${id}/probes`, { durationMs: 50_000 });
    world.tick(600);
    await ledger.appendRecord(`tables/${id}/probes`, { durationMs: 70_000 });
    await ledger.appendRecord(`tables/${id}/seals`, { durationMs: 20_000 });
    await ledger.appendRecord(`tables/${id}/seals`, {});
    await ledger.requests.write('00000000-0000-4000-8000-00000000000a', 1, { puts: 30n, lists: 500n, gets: 80n });
    await scan.refresh();
    const after = await meter.measure(ledger, [plan], scan);
    const added = (part: 'sourceMs' | 'targetMs') => Number(after[part] - before[part]);
    expect(Math.abs(added('sourceMs') - 120_000)).toBeLessThan(2_000);
    expect(Math.abs(added('targetMs') - 20_000)).toBeLessThan(2_000);
    // Three files that the source wrote, each read twice by the target.
    expect(after).toMatchObject({ putRequests: 3n + 530n, getRequests: 6n + 80n });
  });

  it('records are looked at once a minute, some of many, each once', async () => {
    const { ledger, plan, scan, world } = await proven(1, 1);
    const path = `tables/${plan.tableId}/probes`;
    for (let probe = 0; probe < 250; probe++) await ledger.appendRecord(path, { durationMs: 1_000 });
    let [lists, reads] = [0, 0];
    const counting: UsageLedger = {
      ...others(ledger),
      read: (ref, stage) => ledger.read(ref, stage),
      listRecords: (prefix) => {
        lists++;
        return ledger.listRecords(prefix);
      },
      readRecord: (record, schema) => {
        reads++;
        return ledger.readRecord(record, schema);
      },
    };
    const meter = new UsageMeter({ graceMs: 0 });
    for (let look = 0; look < 5; look++) await meter.measure(counting, [plan], scan);
    expect([lists, reads]).toEqual([1, 84]);
    world.tick(61);
    await scan.refresh();
    await meter.measure(counting, [plan], scan);
    expect([lists, reads]).toEqual([2, 84]);
  });
});

function others(ledger: UsageLedger): Omit<UsageLedger, 'read'> {
  return {
    requests: ledger.requests,
    listRecords: (path) => ledger.listRecords(path),
    readRecord: (path, schema) => ledger.readRecord(path, schema),
  };
}
