/** A small cache of immutable things: what is asked for while it is on its way is fetched once; failures are not kept. */
export class RecentlyUsed<K, V> {
  readonly #limit: number;
  readonly #values = new Map<K, Promise<V>>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  async get(key: K, fetch: () => Promise<V>): Promise<V> {
    const known = this.#values.get(key);
    const value = known ?? fetch();
    // A Map keeps the order of insertion, so the first key is the one that was not asked for the longest.
    this.#values.delete(key);
    this.#values.set(key, value);
    if (known !== undefined) return known;
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= this.#limit) break;
      this.#values.delete(oldest);
    }
    try {
      return await value;
    } catch (thrown) {
      if (this.#values.get(key) === value) this.#values.delete(key);
      throw thrown;
    }
  }

  forget(key: K): void {
    this.#values.delete(key);
  }
}
