/** The seals against keys and anchors, then every object against the seals. */
import { asLakehaulError, counted } from '@lakehaul/core';
import type { CopiedObject } from '../copy/pack.ts';
import type { LedgerSource } from '../copy/source.ts';
import type { Anchor } from '../seals/anchors.ts';
import { hasValidSignature, type LedgerSeal, parseLeafList, parseSeal } from '../seals/ledger-seal.ts';
import { type Leaf, leafHash, MerkleTree, sha256Hex } from '../seals/merkle.ts';
import type { SealKeys } from '../seals/seal-key.ts';
import { LATE_PUT_MS } from '../seals/seal-ledger.ts';
import { checkAnchors } from './check-anchors.ts';
import type { Findings } from './findings.ts';
import { LeafSet } from './leaf-set.ts';

export interface SealTrust {
  /** Empty: signatures cannot be judged, and that is a finding. */
  publicKeys: SealKeys;
  /** Null: none were given, and that is a finding as well. */
  anchors: readonly Anchor[] | null;
}

interface GrowingTree {
  seal: LedgerSeal;
  tree: MerkleTree;
  /** Place of the list that comes next. */
  next: number;
  early: Map<number, readonly Leaf[]>;
}

const SEALS = 'ledger-seals';

export class SealCheck {
  readonly seals: LedgerSeal[] = [];
  unsealed = 0;
  /** From this seal on anchors are continuous; null without any. */
  anchoredFrom: number | null = null;
  readonly #source: LedgerSource;
  readonly #findings: Findings;
  readonly #leaves = new LeafSet();
  /** Objects that are no leaf: changed, or newer than the seals. Their keys tell in the end. */
  readonly #unmatched = new Map<string, { lastModifiedMs: number; sha256: string; sizeBytes: number }>();

  constructor(source: LedgerSource, findings: Findings) {
    this.#source = source;
    this.#findings = findings;
  }

  get sealedObjects(): number {
    return this.#leaves.size;
  }

  /** Reads the seals and their leaves: two passes over them, since a list may come before the seal that names it. */
  async readSeals(trust: SealTrust): Promise<void> {
    await this.#readRecords();
    this.#judgeChain(trust);
    const growing = new Map<string, { tree: GrowingTree; place: number }>();
    const trees = this.seals.map((seal): GrowingTree => ({ seal, tree: new MerkleTree(), next: 0, early: new Map() }));
    for (const tree of trees)
      tree.seal.parts.forEach((part, place) => {
        growing.set(part.key, { tree, place });
      });
    for await (const object of this.#source.read(SEALS, () => undefined)) {
      const found = growing.get(object.key);
      const part = found?.tree.seal.parts[found.place];
      if (found === undefined || part === undefined) continue;
      const leaves = this.#leavesOf(object, part);
      if (leaves !== null) this.#grow(found.tree, found.place, leaves);
    }
    for (const tree of trees) this.#judgeRoot(tree);
  }

  see(object: CopiedObject): void {
    const leaf = {
      key: object.key,
      sha256: sha256Hex(object.body),
      sizeBytes: object.body.length,
      lastModifiedMs: object.lastModifiedMs,
    };
    const answer = this.#leaves.see(leafHash(leaf));
    if (answer === 'first') return;
    if (answer === 'again' || this.#unmatched.has(object.key))
      this.#findings.add('OBJECT_TWICE', object.key, 'it comes twice');
    else this.#unmatched.set(object.key, leaf);
  }

  /** After all objects were seen: what was sealed and is not there, and what is there and was not sealed. */
  async finish(): Promise<void> {
    if (this.#leaves.seen < this.#leaves.size || this.#unmatched.size > 0) await this.#compareLeaves();
    const last = this.seals.at(-1);
    const sealedUntilMs = last === undefined ? Number.NEGATIVE_INFINITY : Date.parse(last.observedAt) - LATE_PUT_MS;
    for (const [key, object] of this.#unmatched) {
      if (object.lastModifiedMs < sealedUntilMs)
        this.#findings.add(
          'OBJECT_UNSEALED',
          key,
          `dated ${isoOf(object.lastModifiedMs)}, yet the seal of ${last?.observedAt} does not know it`,
        );
      else this.unsealed += 1;
    }
    this.#findings.note('UNSEALED', this.unsealed);
  }

  async #readRecords(): Promise<void> {
    const { keys, migration } = this.#source;
    const seen = new Set<string>();
    for await (const object of this.#source.read(SEALS, (what) => this.#findings.add('COPY_DAMAGED', SEALS, what))) {
      if (seen.has(object.key)) this.#findings.add('OBJECT_TWICE', object.key, 'it comes twice');
      seen.add(object.key);
      if (!object.key.startsWith(keys.ledgerSeals)) continue;
      try {
        this.seals.push(parseSeal(keys, migration, object.key, object.body));
      } catch (thrown) {
        this.#findings.add('SEAL_INVALID', object.key, asLakehaulError(thrown).message);
      }
    }
    this.seals.sort((a, b) => a.number - b.number);
    if (this.seals.length === 0) this.#findings.add('NO_SEALS', keys.ledgerSeals, 'there is no ledger seal');
  }

  #judgeChain({ publicKeys, anchors }: SealTrust): void {
    const findings = this.#findings;
    let previous: LedgerSeal | null = null;
    for (const seal of this.seals) {
      const valid = hasValidSignature(seal, publicKeys);
      if (valid === null) {
        const what = publicKeys.size === 0 ? 'no public key was given' : `key ${seal.keyId} is not among those given`;
        findings.add('SEAL_SIGNATURE', seal.key, what);
      } else if (!valid) findings.add('SEAL_SIGNATURE', seal.key, `the signature of key ${seal.keyId} does not fit`);
      if (seal.number !== (previous?.number ?? 0) + 1)
        findings.add('SEAL_CHAIN', seal.key, `seal ${(previous?.number ?? 0) + 1} is missing before it`);
      else if (seal.previous !== (previous?.digest ?? null))
        findings.add('SEAL_CHAIN', seal.key, 'names another seal as the one before it');
      if (seal.cumulativeLeaves !== (previous?.cumulativeLeaves ?? 0) + seal.leafCount)
        findings.add('SEAL_CHAIN', seal.key, `counts ${counted(seal.cumulativeLeaves, 'leaf', 'leaves')} in all`);
      if (previous !== null && seal.observedAt < previous.observedAt)
        findings.add('SEAL_CHAIN', seal.key, `dated ${seal.observedAt}, before the seal before it`);
      previous = seal;
    }
    this.anchoredFrom = checkAnchors(findings, this.#source, this.seals, anchors);
  }

  #leavesOf(object: CopiedObject, part: LedgerSeal['parts'][number]): Leaf[] | null {
    try {
      return parseLeafList(this.#source.keys.root, part, object.body);
    } catch (thrown) {
      this.#findings.add('SEAL_INVALID', object.key, asLakehaulError(thrown).message);
      return null;
    }
  }

  /** Lists come in order as a rule; only one that comes early is kept. */
  #grow(growing: GrowingTree, place: number, leaves: readonly Leaf[]): void {
    growing.early.set(place, leaves);
    for (let ready = growing.early.get(growing.next); ready !== undefined; ready = growing.early.get(growing.next)) {
      growing.early.delete(growing.next);
      growing.next += 1;
      for (const leaf of ready) {
        const hash = leafHash(leaf);
        growing.tree.add(hash);
        if (!this.#leaves.add(hash))
          this.#findings.add('SEAL_INVALID', growing.seal.key, `${leaf.key} was sealed before`);
      }
    }
  }

  #judgeRoot({ seal, tree, next }: GrowingTree): void {
    if (next < seal.parts.length) {
      const missing = seal.parts[next]?.key ?? '';
      this.#findings.add('SEAL_INVALID', seal.key, `its list of leaves ${missing} is not there or not itself`);
      return;
    }
    if (tree.root() !== seal.root || tree.count !== seal.leafCount)
      this.#findings.add(
        'SEAL_ROOT',
        seal.key,
        `${tree.count} leaves with root ${tree.root()}, signed are ${seal.leafCount} with ${seal.root}`,
      );
  }

  /** Leaf by leaf: only here are the keys of what was sealed known. */
  async #compareLeaves(): Promise<void> {
    const parts = new Map(this.seals.flatMap((seal) => seal.parts.map((part) => [part.key, part] as const)));
    for await (const object of this.#source.read(SEALS, () => undefined)) {
      const part = parts.get(object.key);
      if (part === undefined) continue;
      // Judged before; a list that is not itself has no leaves in the set.
      const leaves =
        sha256Hex(object.body) === part.sha256 ? parseLeafList(this.#source.keys.root, part, object.body) : [];
      for (const leaf of leaves) {
        if (!this.#leaves.isSeen(leafHash(leaf))) this.#nameMissingLeaf(leaf);
        else if (this.#unmatched.delete(leaf.key))
          this.#findings.add('OBJECT_TWICE', leaf.key, 'it comes as it was sealed, and once more as something else');
      }
    }
  }

  #nameMissingLeaf(leaf: Leaf): void {
    const now = this.#unmatched.get(leaf.key);
    if (now === undefined) {
      this.#findings.add(
        'OBJECT_REMOVED',
        leaf.key,
        `sealed with ${counted(leaf.sizeBytes, 'byte')}, written ${isoOf(leaf.lastModifiedMs)}`,
      );
      return;
    }
    this.#unmatched.delete(leaf.key);
    const what =
      now.sha256 !== leaf.sha256
        ? `its content is another one (${counted(now.sizeBytes, 'byte')}, sealed were ${leaf.sizeBytes})`
        : `dated ${isoOf(now.lastModifiedMs)}, sealed was ${isoOf(leaf.lastModifiedMs)}`;
    this.#findings.add('OBJECT_CHANGED', leaf.key, what);
  }
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
