import { LakehaulError } from '@lakehaul/core';
import { describe, expect, it } from 'vitest';
import { BODIES, chunkRef, LedgerWorld, submitBody, tablePlan } from '../../../test/support/ledger-world.ts';

const REF = { ...chunkRef(tablePlan(1), 0), attempt: 1 };
const OPEN = { attempt: 1, body: BODIES.opened, causedBy: null };

/** Lets the nth call of one operation on a matching key fail after its work was done. */
function loseAnswer(world: LedgerWorld, match: string): void {
  let isLost = false;
  world.store.intercept = ({ operation, key, when }) => {
    if (isLost || operation !== 'putIfAbsent' || when !== 'after' || !key.includes(match)) return;
    isLost = true;
    throw new LakehaulError('ANSWER_LOST', 'connection cut');
  };
}

async function replace(world: LedgerWorld, key: string, change: (receipt: Record<string, unknown>) => void) {
  const found = await world.store.get(key);
  const receipt = JSON.parse(Buffer.from(found?.body ?? []).toString()) as Record<string, unknown>;
  change(receipt);
  await world.store.put(key, JSON.stringify(receipt));
}

describe('a receipt', () => {
  it('says who, when, why and for what, and its time is the time of S3', async () => {
    const world = new LedgerWorld();
    world.nowMs += 1_999;
    const ledger = world.open('worker-1');
    const { receipt, isMine } = await ledger.write(REF, 'loaded', BODIES.loaded, 'cause-key');
    expect(isMine).toBe(true);
    expect(receipt).toMatchObject({
      schemaVersion: 1,
      migration: 'm1',
      ...REF,
      stage: 'loaded',
      by: { instance: 'worker-1' },
      causedBy: 'cause-key',
      body: BODIES.loaded,
      lastModifiedMs: world.nowMs - 999,
    });
    expect(await ledger.read(REF, 'loaded')).toEqual(receipt);
    expect(await ledger.read(REF, 'unloaded')).toBeNull();
  });

  it('is written once: the second writer gets the first one’s', async () => {
    const world = new LedgerWorld();
    const first = await world.open('a').write(REF, 'loaded', BODIES.loaded, null);
    const second = await world.open('b').write(REF, 'loaded', { ...BODIES.loaded, rowCount: '99' }, null);
    expect(second.isMine).toBe(false);
    expect(second.receipt).toEqual(first.receipt);
  });

  it('is one winner’s among racing writers', async () => {
    const world = new LedgerWorld();
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, n) => world.open(`w${n}`).write(REF, 'loaded', BODIES.loaded, null)),
    );
    expect(results.filter((result) => result.isMine)).toHaveLength(1);
    expect(new Set(results.map((result) => result.receipt.nonce)).size).toBe(1);
  });

  it('is recognised as one’s own after a lost answer', async () => {
    const world = new LedgerWorld();
    loseAnswer(world, '.loaded.json');
    const { isMine } = await world.open().write(REF, 'loaded', BODIES.loaded, null);
    expect(isMine).toBe(true);
    expect(world.store.calls.get('putIfAbsent')).toBe(2);
  });

  it('keeps one submission and one failure when their answers are lost', async () => {
    const world = new LedgerWorld();
    const ledger = world.open();
    await ledger.openAttempt(REF, OPEN);
    loseAnswer(world, '.submit-1.json');
    expect((await ledger.recordSubmission(REF, submitBody('unload', 's1'))).isMine).toBe(true);
    loseAnswer(world, '.failed-1.json');
    expect(await ledger.recordFailure(REF, BODIES.failed)).toEqual({ failures: 1 });
    expect(await ledger.chunkState(REF)).toMatchObject({ submissions: 1, failures: 1, stage: 'opened', attempt: 1 });
  });

  it('is not repeated after an error that only a person can settle', async () => {
    const world = new LedgerWorld();
    world.store.intercept = ({ operation }) => {
      if (operation === 'putIfAbsent') throw new LakehaulError('PERMISSION_DENIED', 's3:PutObject');
    };
    await expect(world.open().write(REF, 'loaded', BODIES.loaded, null)).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
    expect(world.store.calls.get('putIfAbsent')).toBe(1);
  });

  it('of another schemaVersion, shape, place or migration stops the run and names the key', async () => {
    const changes: ((receipt: Record<string, unknown>) => void)[] = [
      (receipt) => Object.assign(receipt, { schemaVersion: 2 }),
      (receipt) => delete receipt['schemaVersion'],
      (receipt) => delete receipt['nonce'],
      (receipt) => Object.assign(receipt, { body: { ...BODIES.loaded, rowCount: 10 } }),
      (receipt) => Object.assign(receipt, { chunk: 1 }),
      (receipt) => Object.assign(receipt, { migration: 'm2' }),
      (receipt) => Object.assign(receipt, { stage: 'unloaded' }),
    ];
    for (const change of changes) {
      const world = new LedgerWorld();
      const ledger = world.open();
      const { receipt } = await ledger.write(REF, 'loaded', BODIES.loaded, null);
      await replace(world, receipt.key, change);
      await expect(ledger.read(REF, 'loaded')).rejects.toMatchObject({ code: 'LEDGER_CONFLICT', where: receipt.key });
      await expect(world.open('b').write(REF, 'loaded', BODIES.loaded, null)).rejects.toMatchObject({
        code: 'LEDGER_CONFLICT',
      });
    }
  });

  it('may carry fields that a later version added', async () => {
    const world = new LedgerWorld();
    const ledger = world.open();
    const { receipt } = await ledger.write(REF, 'loaded', BODIES.loaded, null);
    await replace(world, receipt.key, (stored) =>
      Object.assign(stored, { signature: 'x', body: { ...BODIES.loaded, clusters: 3 } }),
    );
    expect((await ledger.read(REF, 'loaded'))?.body).toMatchObject(BODIES.loaded);
  });

  it('of every stage is read back as it was written', async () => {
    const world = new LedgerWorld();
    const ledger = world.open();
    await ledger.openAttempt(REF, OPEN);
    await ledger.write(REF, 'unloaded', BODIES.unloaded, null);
    await ledger.write(REF, 'loaded', BODIES.loaded, null);
    await ledger.write(REF, 'counted', BODIES.counted, null);
    await ledger.write(REF, 'verified', BODIES.verified, null);
    await ledger.recordReproof(REF, BODIES.verified);
    await ledger.recordReproof(REF, { ...BODIES.verified, targetVersion: '9' });
    await ledger.write(REF, 'mismatched', BODIES.mismatched, null);
    await ledger.write(REF, 'void', BODIES.void, null);
    await ledger.write(REF, 'quarantined', BODIES.quarantined, null);
    await ledger.write(REF, 'accepted', BODIES.accepted, null);
    await ledger.write(REF, 'cleaned', BODIES.cleaned, null);
    const trail = await ledger.trail(REF);
    const bodies = trail
      .filter((receipt) => receipt.stage !== 'reproved')
      .map((receipt) => [receipt.stage, receipt.body]);
    const expected = Object.entries(BODIES).filter(([stage]) => !['reproved', 'failed'].includes(stage));
    expect(new Map(bodies as [string, unknown][])).toEqual(new Map(expected));
    expect((await ledger.latestReproof(REF))?.targetVersion).toBe('9');
  });
});

describe('the trail', () => {
  it('is in the order of S3’s clock over all attempts, and of the journey within a second', async () => {
    const world = new LedgerWorld();
    const ledger = world.open();
    const second = { ...REF, attempt: 2 };
    await ledger.openAttempt(REF, OPEN);
    for (let n = 1; n <= 11; n++) await ledger.recordSubmission(REF, submitBody('unload', `s${n}`));
    await ledger.write(REF, 'unloaded', BODIES.unloaded, null);
    world.tick();
    await ledger.openAttempt(REF, { attempt: 2, body: { ...BODIES.opened, cause: 'operator' }, causedBy: null });
    await ledger.write(second, 'unloaded', BODIES.unloaded, null);
    world.tick();
    await ledger.write(REF, 'void', { ...BODIES.void }, null);
    const names = (await ledger.trail(REF)).map((receipt) => `${receipt.attempt}.${receipt.stage}`);
    const submits = Array.from({ length: 11 }, () => '1.submit');
    expect(names).toEqual(['1.opened', ...submits, '1.unloaded', '2.opened', '2.unloaded', '1.void']);
    const order = (await ledger.submissions(REF)).map((receipt) => receipt.body.submission);
    expect(order).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });
});

describe('the state of a chunk', () => {
  it('is that of its highest attempt, and a failure before the attempt was opened counts', async () => {
    const world = new LedgerWorld();
    const ledger = world.open();
    expect(await ledger.chunkState(REF)).toMatchObject({ stage: 'planned', attempt: 0 });
    await ledger.recordFailure(REF, BODIES.failed);
    expect(await ledger.chunkState(REF)).toMatchObject({ stage: 'opened', attempt: 1, failures: 1 });
    await ledger.openAttempt(REF, OPEN);
    await ledger.write(REF, 'unloaded', BODIES.unloaded, null);
    await ledger.write(REF, 'void', BODIES.void, null);
    expect(await ledger.chunkState(REF)).toMatchObject({ stage: 'void', attempt: 1 });
    await ledger.openAttempt(REF, { attempt: 2, body: { ...BODIES.opened, cause: 'void' }, causedBy: null });
    expect(await ledger.chunkState(REF)).toMatchObject({ stage: 'opened', attempt: 2, failures: 0 });
  });

  it('is never proven with unequal counts, without hashes, or for an attempt that is history', async () => {
    const ledger = new LedgerWorld().open();
    await ledger.openAttempt(REF, OPEN);
    const rowCounts = { ...BODIES.verified.rowCounts, load: '9' };
    await expect(ledger.write(REF, 'verified', { ...BODIES.verified, rowCounts }, null)).rejects.toThrow(
      /unequal counts/,
    );
    for (const lacking of [BODIES.counted, { ...BODIES.verified, carried: null }, { ...BODIES.verified, target: null }])
      await expect(ledger.write(REF, 'verified', lacking, null)).rejects.toThrow(/cannot be called verified/);
    await ledger.openAttempt(REF, { attempt: 2, body: BODIES.opened, causedBy: null });
    await expect(ledger.write(REF, 'verified', BODIES.verified, null)).rejects.toMatchObject({ code: 'SUPERSEDED' });
    expect(await ledger.read(REF, 'verified')).toBeNull();
  });
});
