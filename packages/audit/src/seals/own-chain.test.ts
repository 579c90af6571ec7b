import { describe, expect, it } from 'vitest';
import { chunksOf, Historian, PLANS, range, SILENT } from '../../../../test/support/honest-ledger.ts';
import { LedgerWorld, MIGRATION } from '../../../../test/support/ledger-world.ts';
import { newNotary, newSigner } from '../../../../test/support/notary.ts';
import { auditLedger } from '../check/audit-ledger.ts';
import { storeSource } from '../copy/source.ts';
import type { Anchor } from './anchors.ts';
import { ANCHORS_REBUILT, rebuildAnchors, unanchoredSeals } from './own-chain.ts';
import { publicKeysOf } from './seal-key.ts';
import { type SealerDeps, sealLedger } from './seal-ledger.ts';

/** A chain of three seals with their anchors in a file that can be lost. */
async function newWorld() {
  const world = new LedgerWorld();
  const { ledger, signer } = newNotary(world);
  const plan = { ...PLANS.history, watermark: null, chunkCount: 4 };
  const parts = [range(null, '1'), range('1', '2'), range('2', null), [{ kind: 'null', column: 'k' } as const]];
  await ledger.writePlan(plan, chunksOf(plan, parts, null));
  const historian = new Historian(world, ledger);
  const file: { lines: Anchor[] | null } = { lines: null };
  let uuids = 0;
  const deps = (more: Partial<SealerDeps> = {}): SealerDeps => ({
    store: world.store,
    keys: ledger.keys,
    migration: MIGRATION,
    actor: ledger.actor,
    ids: { uuid: () => `set-${++uuids}`, random: () => 0 },
    log: SILENT,
    signer,
    trusted: () => Promise.resolve(new Map()),
    anchors: {
      read: () => Promise.resolve(file.lines),
      append: (added) => {
        file.lines = [...(file.lines ?? []), ...added];
        return Promise.resolve();
      },
    },
    ...more,
  });
  let chunk = 0;
  const sealNext = async (more: Partial<SealerDeps> = {}) => {
    await historian.openFirst({ tableId: plan.tableId, generation: 1, chunk: chunk++ }, 'full');
    world.tick(3_600);
    return await sealLedger(deps(more));
  };
  for (let n = 0; n < 3; n++) await sealNext();
  const rebuild = () =>
    rebuildAnchors(deps(), { who: 'me', reason: 'disk lost' }, (body) => ledger.appendRecord(ANCHORS_REBUILT, body));
  const audit = async (publicKeys = publicKeysOf(signer.publicKeyPem, 'test')) =>
    auditLedger(await storeSource(world.store, ledger.keys, MIGRATION), { publicKeys, anchors: file.lines });
  return { world, ledger, signer, deps, file, sealNext, rebuild, audit };
}

describe('a sealer and the chain that it finds', () => {
  it('begins its anchor file with the first pass, so that a missing one is a lost one', async () => {
    const { file } = await newWorld();
    expect(file.lines?.map((line) => line.number)).toEqual([1, 2, 3]);
  });

  it('does not build on a seal of a key that it does not know, and changes nothing', async () => {
    const { world, sealNext, file } = await newWorld();
    await expect(sealNext({ signer: newSigner() })).rejects.toMatchObject({
      code: 'SEAL_FOREIGN',
      message: expect.stringContaining('neither this sealer’s'),
      next: expect.stringContaining('audit.publicKeyFile'),
    });
    expect([...world.store.keys].filter((key) => key.includes('/ledger-seals/0'))).toHaveLength(3);
    expect(file.lines).toHaveLength(3);
  });

  it('builds on it without anchors neither: whoever rewrote the whole chain gets no honest signature', async () => {
    const { sealNext } = await newWorld();
    await expect(sealNext({ signer: newSigner(), anchors: null })).rejects.toMatchObject({ code: 'SEAL_FOREIGN' });
  });

  it('does not build on a seal that only claims its key', async () => {
    const { world, ledger, sealNext } = await newWorld();
    const key = ledger.keys.ledgerSeal(3);
    const body = Buffer.from((await world.store.get(key))?.body ?? []).toString();
    await world.store.put(key, body.replace('\\"leafCount\\":1', '\\"leafCount\\":2'));
    await expect(sealNext({ anchors: null })).rejects.toMatchObject({
      code: 'SEAL_FOREIGN',
      message: expect.stringContaining('does not bear the signature'),
    });
  });

  it('goes on after a rotation once both public keys are trusted, and the audit wants both as well', async () => {
    const { signer, sealNext, audit } = await newWorld();
    const next = newSigner();
    const both = publicKeysOf(signer.publicKeyPem + next.publicKeyPem, 'test');
    const outcome = await sealNext({ signer: next, trusted: () => Promise.resolve(both) });
    expect(outcome.seal).toMatchObject({ number: 4, keyId: next.keyId });
    expect((await audit(both)).findings).toEqual([]);
    expect(Object.keys((await audit()).counts)).toEqual(['SEAL_SIGNATURE']);
  });

  it('does not build on an earlier seal that is not the one that the last names', async () => {
    const { world, ledger, sealNext, deps } = await newWorld();
    const forged = newSigner();
    const key = ledger.keys.ledgerSeal(2);
    const body = Buffer.from((await world.store.get(key))?.body ?? []).toString();
    await world.store.put(key, body.replace(deps().signer.keyId, forged.keyId));
    const refusal = { code: 'LEDGER_CONFLICT', message: expect.stringContaining('names another seal') };
    await expect(sealNext({ anchors: null })).rejects.toMatchObject(refusal);
    const none = { read: () => Promise.resolve(null), append: () => Promise.resolve() };
    await expect(unanchoredSeals(deps({ anchors: none }))).rejects.toMatchObject(refusal);
  });
});

describe('anchors that are lost', () => {
  it.each([
    ['the whole file', () => null],
    ['all lines', () => []],
    ['the first line', (lines: Anchor[]) => lines.slice(1)],
    ['a line between', (lines: Anchor[]) => lines.filter((line) => line.number !== 2)],
    ['the last two', (lines: Anchor[]) => lines.slice(0, 1)],
  ])('are not made anew in silence: %s', async (_, lose) => {
    const { file, sealNext } = await newWorld();
    file.lines = lose(file.lines ?? []);
    const left = file.lines?.length ?? null;
    await expect(sealNext()).rejects.toMatchObject({
      code: 'ANCHORS_LOST',
      next: expect.stringContaining('--rebuild-anchors --reason'),
    });
    expect(file.lines?.length ?? null).toBe(left);
  });

  it('the newest alone is explained by a crash, and made up for', async () => {
    const { file, sealNext, audit } = await newWorld();
    file.lines = (file.lines ?? []).slice(0, 2);
    await sealNext();
    expect(file.lines.map((line) => line.number)).toEqual([1, 2, 3, 4]);
    expect((await audit()).anchors).toEqual({ continuousFrom: 1, rebuilt: [] });
  });

  it('a person may have them made from the bucket: recorded, and the audit says from where on they are continuous', async () => {
    const { file, sealNext, rebuild, audit, ledger } = await newWorld();
    file.lines = null;
    expect(await rebuild()).toBe(3);
    expect(file.lines).toMatchObject([{ rebuilt: true }, { rebuilt: true }, { rebuilt: true }]);
    expect((await audit()).anchors.continuousFrom).toBeNull();
    await sealNext();
    const { findings, notes, anchors } = await audit();
    expect(findings).toEqual([]);
    expect(notes).toEqual({ ANCHORS_INTERRUPTED: 3 });
    expect(anchors).toMatchObject({
      continuousFrom: 4,
      rebuilt: [{ who: 'me', reason: 'disk lost', fromSeal: 1, toSeal: 3, seals: 3 }],
    });
    expect(await ledger.readRecords(ANCHORS_REBUILT)).toHaveLength(1);
    expect(await rebuild()).toBe(0);
    expect(await ledger.readRecords(ANCHORS_REBUILT)).toHaveLength(1);
  });

  it('anchors made anew without a word in the ledger are a finding', async () => {
    const { file, audit } = await newWorld();
    file.lines = (file.lines ?? []).map((line) => ({ ...line, rebuilt: true as const }));
    const result = await audit();
    expect(result.counts).toEqual({ ANCHOR_BROKEN: 3 });
    expect(result.findings[0]?.what).toContain('no record says by whom');
  });

  it('are not made from a chain that is not ours, nor from one that the rest of them contradicts', async () => {
    const { file, deps, rebuild, ledger } = await newWorld();
    const [first, , third] = file.lines ?? [];
    file.lines = [{ ...(third as Anchor), seal: (first as Anchor).seal }];
    await expect(rebuild()).rejects.toMatchObject({ code: 'LEDGER_CONFLICT' });
    file.lines = null;
    const foreign = rebuildAnchors(deps({ signer: newSigner() }), { who: 'me', reason: 'x' }, () => Promise.reject());
    await expect(foreign).rejects.toMatchObject({ code: 'SEAL_FOREIGN' });
    expect(file.lines).toBeNull();
    expect(await ledger.readRecords(ANCHORS_REBUILT)).toEqual([]);
  });
});
