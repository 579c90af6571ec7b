/** What the ledger and the stage need of S3. All calls are strongly consistent, as S3 is. */
export interface ObjectInfo {
  key: string;
  sizeBytes: number;
  etag: string;
  /** S3's LastModified in epoch milliseconds (whole seconds): the only clock that orders receipts. */
  lastModifiedMs: number;
}

export interface ObjectStore {
  /**
   * Create-once PUT (If-None-Match: *). `created: false` when the key exists (412), whoever wrote it: compare nonces.
   * A 409 race is retried inside. Repeating it after a lost answer is safe.
   */
  putIfAbsent(
    key: string,
    body: Uint8Array | string,
    options?: { contentType?: string },
  ): Promise<{ created: boolean }>;
  /** Plain PUT, for objects that may be written again (expiring diff rows, caches). */
  put(key: string, body: Uint8Array | string, options?: { contentType?: string }): Promise<void>;
  get(key: string): Promise<{ body: Uint8Array; info: ObjectInfo } | null>;
  head(key: string): Promise<ObjectInfo | null>;
  /** All keys under the prefix, in key order. */
  list(prefix: string, options?: { startAfter?: string }): AsyncIterable<ObjectInfo>;
  delete(keys: readonly string[]): Promise<void>;
  /** The store's own time (Date header), epoch milliseconds. */
  serverTimeMs(): Promise<number>;
}
