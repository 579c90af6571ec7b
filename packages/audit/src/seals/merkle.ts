/**
 * Merkle tree of RFC 6962, section 2.1: a leaf is hashed behind 0x00, a node behind 0x01, so that no node can pass for a
 * leaf. Leaves are taken one by one; kept is one hash per level, whatever the number of leaves.
 */
import { hash } from 'node:crypto';

const NODE = Buffer.from([1]);

/** One object of the ledger as a seal vouches for it. */
export interface Leaf {
  key: string;
  /** SHA-256 of the body, hex. */
  sha256: string;
  sizeBytes: number;
  /** S3's LastModified: freshness and order are judged by it, so it is vouched for as well. */
  lastModifiedMs: number;
}

/** Hash of a leaf: over an unambiguous text of all that it says. */
export function leafHash(leaf: Leaf): Buffer {
  // 0x00 and the text in one call: an audit does this for every object.
  return hash(
    'sha256',
    `\u0000${JSON.stringify([leaf.key, leaf.sha256, leaf.sizeBytes, leaf.lastModifiedMs])}`,
    'buffer',
  );
}

export function sha256Hex(content: string | Uint8Array): string {
  return hash('sha256', content, 'hex');
}

function nodeHash(left: Buffer, right: Buffer): Buffer {
  return hash('sha256', Buffer.concat([NODE, left, right]), 'buffer');
}

export class MerkleTree {
  /** Roots of the full subtrees so far, the largest first; their sizes are the bits of the count. */
  readonly #subtrees: Buffer[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(leaf: Buffer): void {
    let hash = leaf;
    for (let size = this.#count; size % 2 === 1; size = (size - 1) / 2) {
      const left = this.#subtrees.pop();
      if (left === undefined) break;
      hash = nodeHash(left, hash);
    }
    this.#subtrees.push(hash);
    this.#count += 1;
  }

  /** Hex. Of no leaves: the hash of the empty text, as the RFC has it. */
  root(): string {
    const last = this.#subtrees.at(-1);
    if (last === undefined) return sha256Hex('');
    return this.#subtrees
      .slice(0, -1)
      .reduceRight((right, left) => nodeHash(left, right), last)
      .toString('hex');
  }
}
