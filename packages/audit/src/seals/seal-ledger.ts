/**
 * One pass of the sealer: everything in the ledger that no seal covers yet becomes a leaf of a Merkle tree, and a signed
 * record vouches for its root. Only new bodies are read; kept in memory are the window of reads, one part of the list of
 * leaves, and the keys of the last quarter of an hour.
 */
import { type Actor, type Ids, LakehaulError, type Log, type ObjectInfo } from '@lakehaul/core';
import { isSealedKind } from '../copy/groups.ts';
import { mapOrdered } from '../copy/ordered.ts';
import { anchorOf } from './anchors.ts';
import { type LedgerSeal, leafListText, parseLeafList, type SealStatement, sealText } from './ledger-seal.ts';
import { type Leaf, leafHash, MerkleTree, sha256Hex } from './merkle.ts';
import { type ChainDeps, ownLastSeal, readPrevious, readSeal } from './own-chain.ts';

export interface SealerDeps extends ChainDeps {
  actor: Actor;
  ids: Ids;
  log: Log;
}

export interface LedgerSealOutcome {
  /** The newest seal now; null while the ledger holds nothing. */
  seal: LedgerSeal | null;
  /** Leaves that this pass added; 0 when all was sealed already. */
  added: number;
  /** False when another sealer's seal came first: what is new since is sealed by the next pass. */
  isMine: boolean;
  /** Sealed objects that the LIST no longer shows, or old ones that it shows for the first time: `lakehaul audit` names them. */
  unaccounted: number;
}

/**
 * S3 dates an object when its PUT begins, and the LIST shows it when the PUT is done. Objects older than this before a
 * seal's LIST were in it.
 */
export const LATE_PUT_MS = 15 * 60_000;
const PART_LEAVES = 10_000;
const PARALLEL_READS = 32;

export async function sealLedger(deps: SealerDeps): Promise<LedgerSealOutcome> {
  const last = await ownLastSeal(deps);
  // After the seals and before the objects: no leaf of an earlier seal can be newer than this.
  const observedMs = await deps.store.serverTimeMs();
  const known = await recentlySealed(deps, last);
  const count = { old: 0 };
  const set = deps.ids.uuid();
  const tree = await writeLeaves(deps, set, newObjects(deps, known, count));
  const unaccounted = Math.abs(count.old - known.oldLeaves);
  if (unaccounted > 0)
    deps.log.error('ledger objects unaccounted for', {
      sealed: known.oldLeaves,
      found: count.old,
      next: 'lakehaul audit',
    });
  if (tree.leafCount === 0) return { seal: last, added: 0, isMine: true, unaccounted };
  const number = (last?.number ?? 0) + 1;
  const { parts, ...totals } = tree;
  const text = sealText(deps.signer, {
    kind: 'lakehaul-ledger-seal',
    schemaVersion: 1,
    migration: deps.migration,
    number,
    previous: last?.digest ?? null,
    observedAt: new Date(observedMs).toISOString(),
    ...totals,
    cumulativeLeaves: (last?.cumulativeLeaves ?? 0) + tree.leafCount,
    parts,
    nonce: set,
    by: deps.actor,
  });
  const { created } = await deps.store.putIfAbsent(deps.keys.ledgerSeal(number), text, {
    contentType: 'application/json',
  });
  // 412 may be our own PUT whose answer was lost: the nonce tells.
  const seal = await readSeal(deps, number);
  const isMine = created || seal.nonce === set;
  if (isMine) {
    await deps.anchors?.append([anchorOf(seal)]);
    deps.log.info('ledger sealed', { number, root: seal.root, seal: seal.digest, leaves: seal.leafCount });
  }
  return { seal, added: isMine ? tree.leafCount : 0, isMine, unaccounted };
}

interface Known {
  /** Objects older than this are sealed already, all of them. */
  cutMs: number;
  oldLeaves: number;
  recent: ReadonlySet<string>;
}

async function recentlySealed(deps: SealerDeps, last: LedgerSeal | null): Promise<Known> {
  if (last === null) return { cutMs: Number.NEGATIVE_INFINITY, oldLeaves: 0, recent: new Set() };
  const cutMs = Date.parse(last.observedAt) - LATE_PUT_MS;
  const recent = new Set<string>();
  for (let seal = last; ; seal = await readPrevious(deps, seal)) {
    for (const part of seal.parts)
      for (const leaf of await readPart(deps, part)) if (leaf.lastModifiedMs >= cutMs) recent.add(leaf.key);
    // All leaves of the seals before this one are older than its LIST (S3 tells whole seconds).
    if (seal.number === 1 || Date.parse(seal.observedAt) < cutMs - 1_000) break;
  }
  return { cutMs, oldLeaves: last.cumulativeLeaves - recent.size, recent };
}

async function readPart(deps: SealerDeps, part: SealStatement['parts'][number]): Promise<Leaf[]> {
  const found = await deps.store.get(part.key);
  if (found === null) throw new LakehaulError('LEDGER_CONFLICT', `${part.key} is gone`, { where: part.key });
  return parseLeafList(deps.keys.root, part, found.body);
}

async function* newObjects(deps: SealerDeps, known: Known, count: { old: number }): AsyncGenerator<ObjectInfo> {
  for await (const info of deps.store.list(`${deps.keys.root}/`)) {
    if (!isSealedKind(deps.keys, info.key)) continue;
    if (info.lastModifiedMs < known.cutMs) count.old += 1;
    else if (!known.recent.has(info.key)) yield info;
  }
}

interface WrittenLeaves {
  root: string;
  leafCount: number;
  oldestAt: string;
  newestAt: string;
  firstKey: string;
  lastKey: string;
  parts: SealStatement['parts'];
}

/** The lists before the seal that names them: a sealer that dies in between leaves lists that nobody names. */
async function writeLeaves(deps: SealerDeps, set: string, objects: AsyncIterable<ObjectInfo>): Promise<WrittenLeaves> {
  const tree = new MerkleTree();
  const parts: SealStatement['parts'] = [];
  let buffer: Leaf[] = [];
  let oldestMs = Number.POSITIVE_INFINITY;
  let newestMs = 0;
  let firstKey = '';
  let lastKey = '';
  const flush = async () => {
    const text = leafListText(deps.keys.root, buffer);
    const key = deps.keys.sealLeaves(set, parts.length);
    await deps.store.putIfAbsent(key, text, { contentType: 'application/json' });
    parts.push({ key, leafCount: buffer.length, sha256: sha256Hex(text) });
    buffer = [];
  };
  for await (const leaf of mapOrdered(objects, PARALLEL_READS, (info) => readLeaf(deps, info.key))) {
    if (firstKey === '') firstKey = leaf.key;
    lastKey = leaf.key;
    oldestMs = Math.min(oldestMs, leaf.lastModifiedMs);
    newestMs = Math.max(newestMs, leaf.lastModifiedMs);
    tree.add(leafHash(leaf));
    buffer.push(leaf);
    if (buffer.length === PART_LEAVES) await flush();
  }
  if (buffer.length > 0) await flush();
  const text = (ms: number) => new Date(tree.count === 0 ? 0 : ms).toISOString();
  return {
    root: tree.root(),
    leafCount: tree.count,
    oldestAt: text(oldestMs),
    newestAt: text(newestMs),
    firstKey,
    lastKey,
    parts,
  };
}

async function readLeaf(deps: SealerDeps, key: string): Promise<Leaf> {
  const found = await deps.store.get(key);
  if (found === null)
    throw new LakehaulError(
      'LEDGER_CONFLICT',
      `${key} was listed and is gone: something removes objects of the ledger`,
      {
        where: key,
        next: 'find out what deletes there; lakehaul doctor looks at the bucket policy',
      },
    );
  const { body, info } = found;
  return { key, sha256: sha256Hex(body), sizeBytes: body.length, lastModifiedMs: info.lastModifiedMs };
}
