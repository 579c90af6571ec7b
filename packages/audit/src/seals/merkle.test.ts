import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leafHash, MerkleTree } from './merkle.ts';

/** Straight from RFC 6962, section 2.1: split at the largest power of two below the count. */
function rootByDefinition(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return createHash('sha256').digest();
  if (leaves.length === 1) return leaves[0] ?? Buffer.alloc(0);
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return createHash('sha256')
    .update(Buffer.from([1]))
    .update(rootByDefinition(leaves.slice(0, split)))
    .update(rootByDefinition(leaves.slice(split)))
    .digest();
}

const leaf = (key: string) => leafHash({ key, sha256: 'aa', sizeBytes: 1, lastModifiedMs: 1000 });

describe('the Merkle tree', () => {
  it('has the root of RFC 6962 for every number of leaves', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), (count) => {
        const leaves = Array.from({ length: count }, (_, n) => leaf(String(n)));
        const tree = new MerkleTree();
        for (const each of leaves) tree.add(each);
        return tree.root() === rootByDefinition(leaves).toString('hex') && tree.count === count;
      }),
    );
  });

  it('has the test vectors of the Certificate Transparency project (empty tree, one empty leaf)', () => {
    expect(new MerkleTree().root()).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    const tree = new MerkleTree();
    tree.add(
      createHash('sha256')
        .update(Buffer.from([0]))
        .digest(),
    );
    expect(tree.root()).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
  });

  it('changes with every field of a leaf', () => {
    const base = { key: 'k', sha256: 'aa', sizeBytes: 1, lastModifiedMs: 1000 };
    const hashes = [
      base,
      { ...base, key: 'l' },
      { ...base, sha256: 'ab' },
      { ...base, sizeBytes: 2 },
      { ...base, lastModifiedMs: 2000 },
    ].map((each) => leafHash(each).toString('hex'));
    expect(new Set(hashes).size).toBe(5);
  });
});
