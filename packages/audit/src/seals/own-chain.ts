/**
 * What a sealer looks at before it builds on: that the last seal is of a key that it knows, and that the anchors outside
 * the bucket know the whole chain. Whoever extends a chain vouches for it; a forged one must not get an honest signature.
 */
import { LakehaulError, type ObjectStore } from '@lakehaul/core';
import type { LedgerKeys } from '@lakehaul/ledger';
import { z } from 'zod';
import { type Anchor, anchorOf } from './anchors.ts';
import { hasValidSignature, type LedgerSeal, parseSeal } from './ledger-seal.ts';
import { publicKeysOf, type SealKeys, type SealSigner } from './seal-key.ts';

export interface AnchorStore {
  /** Null where there is no file, and never was one or it is lost: both look alike. */
  read(): Promise<readonly Anchor[] | null>;
  /** Of none: the file begins to exist. */
  append(anchors: readonly Anchor[]): Promise<void>;
}

export interface ChainDeps {
  store: ObjectStore;
  keys: LedgerKeys;
  migration: string;
  signer: SealSigner;
  /** Public keys of other sealers, and those of this one before a rotation; asked for only when its own does not do. */
  trusted: () => Promise<SealKeys>;
  /** Kept outside the bucket; null where nobody keeps them. */
  anchors: AnchorStore | null;
}

/** A person's word for anchors that were made from the bucket: `records/anchors-rebuilt/<n>`. */
export const ANCHORS_REBUILT = 'anchors-rebuilt';
export const anchorsRebuilt = z.strictObject({
  schemaVersion: z.literal(1),
  who: z.string(),
  reason: z.string(),
  /** Lowest and highest of the seals whose anchors were made, and how many they are. */
  fromSeal: z.number().int().positive(),
  toSeal: z.number().int().positive(),
  seals: z.number().int().positive(),
});
export type AnchorsRebuilt = z.infer<typeof anchorsRebuilt>;

/** The newest seal, after everything that speaks against building on it was looked for; null while there is none. */
export async function ownLastSeal(deps: ChainDeps): Promise<LedgerSeal | null> {
  // Before the seals: another sealer may add one, and its anchor, at any moment.
  const earlier = (await deps.anchors?.read()) ?? null;
  const count = await countSeals(deps);
  const last = count === 0 ? null : await readSeal(deps, count);
  if (last !== null) await refuseForeign(deps, last);
  if (deps.anchors === null) return last;
  await refuseRewritten(deps, earlier ?? [], last);
  const anchors = await deps.anchors.read();
  if (last === null) {
    // From now on a file that is missing is a file that was lost.
    if (anchors === null) await deps.anchors.append([]);
    return null;
  }
  const missing = missingNumbers(anchors ?? [], last);
  // Only the newest may lack its anchor: its sealer stopped between the two. Nothing is sealed before it is made up for.
  const isOfCrash = anchors !== null && missing.every((number) => number === last.number);
  if (!isOfCrash) throw lost(deps, missing);
  if (missing.length > 0) await deps.anchors.append([anchorOf(last)]);
  return last;
}

/** Seals without an anchor, oldest first, each of a chain that ends in a seal of ours. */
export async function unanchoredSeals(deps: ChainDeps): Promise<LedgerSeal[]> {
  const anchors = (await deps.anchors?.read()) ?? [];
  const count = await countSeals(deps);
  if (count === 0) return [];
  const last = await readSeal(deps, count);
  await refuseForeign(deps, last);
  await refuseRewritten(deps, anchors, last);
  const missing = new Set(missingNumbers(anchors, last));
  const least = Math.min(...missing);
  const seals: LedgerSeal[] = [];
  let seal = last;
  for (;;) {
    if (missing.has(seal.number)) seals.unshift(seal);
    if (seal.number <= least) return seals;
    seal = await readPrevious(deps, seal);
  }
}

/**
 * Makes anchors from what the bucket says now. They prove nothing about the time before, so each of them says what it is,
 * and the record says who wanted it.
 */
export async function rebuildAnchors(
  deps: ChainDeps,
  by: { who: string; reason: string },
  record: (body: AnchorsRebuilt) => Promise<unknown>,
): Promise<number> {
  const seals = await unanchoredSeals(deps);
  const [first] = seals;
  const last = seals.at(-1);
  if (first === undefined || last === undefined) return 0;
  await record({ schemaVersion: 1, ...by, fromSeal: first.number, toSeal: last.number, seals: seals.length });
  await deps.anchors?.append(seals.map((seal) => ({ ...anchorOf(seal), rebuilt: true })));
  return seals.length;
}

/** 1 … n; a gap means that a seal was removed. */
async function countSeals(deps: ChainDeps): Promise<number> {
  let count = 0;
  for await (const info of deps.store.list(deps.keys.ledgerSeals)) {
    count += 1;
    if (info.key !== deps.keys.ledgerSeal(count))
      throw new LakehaulError('LEDGER_CONFLICT', `${info.key} stands where seal ${count} belongs`, {
        where: info.key,
        next: 'lakehaul audit tells what else was removed',
      });
  }
  return count;
}

export async function readSeal(deps: ChainDeps, number: number): Promise<LedgerSeal> {
  const key = deps.keys.ledgerSeal(number);
  const found = await deps.store.get(key);
  if (found === null) throw new LakehaulError('LEDGER_CONFLICT', `${key} is gone`, { where: key });
  return parseSeal(deps.keys, deps.migration, key, found.body);
}

/** The one that this seal names: the signature of the last one vouches for all before it. */
export async function readPrevious(deps: ChainDeps, seal: LedgerSeal): Promise<LedgerSeal> {
  const previous = await readSeal(deps, seal.number - 1);
  if (previous.digest === seal.previous) return previous;
  throw new LakehaulError('LEDGER_CONFLICT', `${seal.key} names another seal before it than ${previous.key}`, {
    where: previous.key,
    next: 'somebody rewrote a seal: lakehaul audit tells which objects it covered',
  });
}

async function refuseForeign(deps: ChainDeps, last: LedgerSeal): Promise<void> {
  const { signer, keys } = deps;
  const own = publicKeysOf(signer.publicKeyPem, 'the sealer’s own key');
  if (hasValidSignature(last, own) === true) return;
  const valid = own.has(last.keyId) ? false : hasValidSignature(last, await deps.trusted());
  if (valid === true) return;
  const what =
    valid === null
      ? `is signed by key ${last.keyId}, which is neither this sealer’s (${signer.keyId}) nor in audit.publicKeyFile`
      : `does not bear the signature of key ${last.keyId} that it claims`;
  throw new LakehaulError('SEAL_FOREIGN', `ledger seal ${last.number} ${what}`, {
    where: keys.ledgerSeal(last.number),
  });
}

/** Nothing is built on a chain that the anchors contradict. */
async function refuseRewritten(deps: ChainDeps, anchors: readonly Anchor[], last: LedgerSeal | null): Promise<void> {
  const newest = anchors.reduce((max, anchor) => Math.max(max, anchor.number), 0);
  const refuse = (what: string) =>
    new LakehaulError('LEDGER_CONFLICT', `${what}: somebody removed or rewrote seals in the bucket`, {
      where: deps.keys.ledgerSeal(Math.max(1, newest)),
      next: 'keep the anchors, find out who can write to the bucket, and run lakehaul audit --anchors FILE',
    });
  if (newest > (last?.number ?? 0))
    throw refuse(`anchors name ledger seal ${newest}, the ledger ends at ${last?.number ?? 0}`);
  for (const anchor of anchors.filter((each) => each.number === newest))
    if ((await readSeal(deps, newest)).digest !== anchor.seal)
      throw refuse(`ledger seal ${newest} is not the anchored one`);
}

function missingNumbers(anchors: readonly Anchor[], last: LedgerSeal): number[] {
  const known = new Set(anchors.map((anchor) => anchor.number));
  return Array.from({ length: last.number }, (_, index) => index + 1).filter((number) => !known.has(number));
}

function lost(deps: ChainDeps, missing: readonly number[]): LakehaulError {
  const numbers = missing.length === 1 ? `seal ${missing[0]}` : `${missing.length} seals from ${missing[0]} on`;
  return new LakehaulError('ANCHORS_LOST', `the ledger has ${numbers} that the anchors do not know`, {
    where: deps.keys.ledgerSeal(missing[0] ?? 1),
  });
}
