/** A small cache of immutable things: what is asked for while it is on its way is fetched once; failures are not kept. */
export class RecentlyUsed<K, V> {
  readonly #limit: number;
  readonly #values = new Map<K, Promise<V>>();
  readonly #ready = new Map<K, V>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  peek(key: K): V | undefined {
    return this.#ready.get(key);
  }

  async get(key: K, fetch: () => Promise<V>): Promise<V> {
    const known = this.#values.get(key);
    const value = known ?? fetch();
    // A Map keeps the order of insertion, so the first key is the one that was not asked for the longest.
    this.#values.delete(key);
    this.#values.set(key, value);
    if (known !== undefined) return known;
    this.#evict();
    try {
      const fetched = await value;
      if (this.#values.get(key) === value) this.#ready.set(key, fetched);
      return fetched;
    } catch (thrown) {
      if (this.#values.get(key) === value) this.#values.delete(key);
      throw thrown;
    }
  }

  #evict(): void {
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= this.#limit) return;
      this.#values.delete(oldest);
      this.#ready.delete(oldest);
    }
  }
}
