/** All leaf hashes of all seals, 33 bytes each: six million objects of a million chunks still fit. */
const HASH_BYTES = 32;

export class LeafSet {
  #slots: Uint8Array;
  /** 0 empty, 1 sealed, 2 sealed and seen. */
  #states: Uint8Array;
  #capacity: number;
  #size = 0;
  #seen = 0;

  constructor(capacity = 1 << 16) {
    this.#capacity = capacity;
    this.#slots = new Uint8Array(capacity * HASH_BYTES);
    this.#states = new Uint8Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  get seen(): number {
    return this.#seen;
  }

  /** False when it is in there already. */
  add(hash: Buffer): boolean {
    if (this.#size * 2 >= this.#capacity) this.#grow();
    const slot = this.#find(hash);
    if (this.#states[slot] !== 0) return false;
    this.#slots.set(hash, slot * HASH_BYTES);
    this.#states[slot] = 1;
    this.#size += 1;
    return true;
  }

  /** Marks the leaf as found: `again` when it was before. */
  see(hash: Buffer): 'unknown' | 'first' | 'again' {
    const slot = this.#find(hash);
    if (this.#states[slot] === 0) return 'unknown';
    if (this.#states[slot] === 2) return 'again';
    this.#states[slot] = 2;
    this.#seen += 1;
    return 'first';
  }

  isSeen(hash: Buffer): boolean {
    return this.#states[this.#find(hash)] === 2;
  }

  #find(hash: Buffer): number {
    let slot = hash.readUInt32LE(0) % this.#capacity;
    while (this.#states[slot] !== 0) {
      const start = slot * HASH_BYTES;
      if (hash.equals(this.#slots.subarray(start, start + HASH_BYTES))) break;
      slot = (slot + 1) % this.#capacity;
    }
    return slot;
  }

  #grow(): void {
    const [slots, states] = [this.#slots, this.#states];
    this.#capacity *= 2;
    this.#slots = new Uint8Array(this.#capacity * HASH_BYTES);
    this.#states = new Uint8Array(this.#capacity);
    for (let old = 0; old < states.length; old++) {
      if (states[old] === 0) continue;
      const hash = Buffer.from(slots.buffer, old * HASH_BYTES, HASH_BYTES);
      const slot = this.#find(hash);
      this.#slots.set(hash, slot * HASH_BYTES);
      this.#states[slot] = states[old] ?? 0;
    }
  }
}
