import { describe, expect, it } from 'vitest';
import { chunksOf, Historian, PLANS, range, SILENT } from '../../../../test/support/honest-ledger.ts';
import { LedgerWorld, MIGRATION } from '../../../../test/support/ledger-world.ts';
import { newNotary } from '../../../../test/support/notary.ts';
import { auditLedger } from '../check/audit-ledger.ts';
import { storeSource } from '../copy/source.ts';
import type { Anchor } from './anchors.ts';
import { publicKeysOf } from './seal-key.ts';
import { type SealerDeps, sealLedger } from './seal-ledger.ts';

async function newWorld() {
  const world = new LedgerWorld();
  const notary = newNotary(world);
  const plan = { ...PLANS.history, watermark: null, chunkCount: 2 };
  await notary.ledger.writePlan(plan, chunksOf(plan, [range(null, null), [{ kind: 'null', column: 'k' }]], null));
  let uuids = 0;
  const deps = (more: Partial<SealerDeps> = {}): SealerDeps => ({
    store: world.store,
    keys: notary.ledger.keys,
    migration: MIGRATION,
    actor: notary.ledger.actor,
    ids: { uuid: () => `set-${++uuids}`, random: () => 0 },
    log: SILENT,
    signer: notary.signer,
    trusted: () => Promise.resolve(new Map()),
    anchors: {
      read: () => Promise.resolve(notary.anchors),
      append: (more: readonly Anchor[]) => Promise.resolve(void notary.anchors.push(...more)),
    },
    ...more,
  });
  const historian = new Historian(world, notary.ledger);
  const ref = (chunk: number) => ({ tableId: plan.tableId, generation: 1, chunk });
  const audit = async () =>
    auditLedger(await storeSource(world.store, notary.ledger.keys, MIGRATION), {
      publicKeys: publicKeysOf(notary.signer.publicKeyPem, 'test'),
      anchors: notary.anchors,
    });
  return { world, notary, deps, historian, ref, audit };
}

describe('the sealer', () => {
  it('seals nothing twice, however close the passes are, and leaves nothing out', async () => {
    const { world, deps, historian, ref, audit } = await newWorld();
    const attempt = await historian.openFirst(ref(0), 'full');
    await sealLedger(deps());
    await historian.unload(attempt, 'full', 3n);
    world.tick(60);
    await sealLedger(deps());
    await sealLedger(deps());
    await historian.load(attempt, 3n);
    await historian.verify(attempt, 'full', 3n);
    world.tick(20 * 60);
    await sealLedger(deps());
    expect(await sealLedger(deps())).toMatchObject({ added: 0, isMine: true, unaccounted: 0 });
    const result = await audit();
    expect(result.findings).toEqual([]);
    expect(result.seals).toHaveLength(3);
    expect(result.sealedObjects).toBe(result.objects);
  });

  it('reads only bodies that are new', async () => {
    const { world, deps, historian, ref } = await newWorld();
    await historian.straight(ref(0), 'full', 3n);
    await sealLedger(deps());
    world.tick(3_600);
    await historian.openFirst(ref(1), 'full');
    const bodies: string[] = [];
    world.store.intercept = ({ operation, key, when }) => {
      if (operation === 'get' && when === 'before' && !key.includes('/ledger-seals/')) bodies.push(key);
    };
    expect((await sealLedger(deps())).added).toBe(1);
    expect(bodies).toHaveLength(1);
  });

  it('two at once: one seal wins, the other says so, and the next pass is in order', async () => {
    const { world, deps, historian, ref, audit } = await newWorld();
    await historian.straight(ref(0), 'full', 3n);
    const [one, two] = await Promise.all([sealLedger(deps()), sealLedger(deps())]);
    expect([one.isMine, two.isMine].sort()).toEqual([false, true]);
    expect(one.seal?.digest).toBe(two.seal?.digest);
    world.tick(3_600);
    await sealLedger(deps());
    expect((await audit()).findings).toEqual([]);
  });

  it('a crash before the anchor: the next pass makes up for it', async () => {
    const { world, notary, deps, historian, ref, audit } = await newWorld();
    await historian.straight(ref(0), 'full', 3n);
    const broken = { read: () => Promise.resolve([]), append: () => Promise.reject(new Error('disk full')) };
    await expect(sealLedger(deps({ anchors: broken }))).rejects.toThrow('disk full');
    expect(notary.anchors).toEqual([]);
    world.tick(3_600);
    await sealLedger(deps());
    expect(notary.anchors.map((anchor) => anchor.number)).toEqual([1]);
    expect((await audit()).findings).toEqual([]);
  });

  it('a lost answer to the seal’s own PUT is found to be ours by its nonce', async () => {
    const { world, deps, historian, ref } = await newWorld();
    await historian.straight(ref(0), 'full', 3n);
    const put = world.store.putIfAbsent.bind(world.store);
    world.store.putIfAbsent = async (key, body) => {
      await put(key, body);
      return await put(key, body);
    };
    expect(await sealLedger(deps())).toMatchObject({ isMine: true, added: 8 });
  });

  it('builds nothing on a chain that the anchors contradict', async () => {
    const { world, notary, deps, historian, ref } = await newWorld();
    await historian.openFirst(ref(0), 'full');
    await sealLedger(deps());
    world.tick(3_600);
    await historian.openFirst(ref(1), 'full');
    await sealLedger(deps());
    await world.store.delete([notary.ledger.keys.ledgerSeal(2)]);
    await expect(sealLedger(deps())).rejects.toMatchObject({ code: 'LEDGER_CONFLICT' });
  });

  it('an object that is gone is unaccounted for at the next pass', async () => {
    const { world, notary, deps, historian, ref, audit } = await newWorld();
    const attempt = await historian.straight(ref(0), 'full', 3n);
    await sealLedger(deps());
    world.tick(3_600);
    await historian.openFirst(ref(1), 'full');
    await sealLedger(deps());
    await world.store.delete([notary.ledger.keys.receipt(attempt, 'loaded')]);
    expect(await sealLedger(deps())).toMatchObject({ unaccounted: 1 });
    expect(Object.keys((await audit()).counts)).toContain('OBJECT_REMOVED');
  });
});
