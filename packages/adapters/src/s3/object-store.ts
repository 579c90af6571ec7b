import type { ObjectStore } from '@lakehaul/core';
import { Bucket, type BucketOptions, type S3Deps } from './bucket.ts';
import type { BucketSettings } from './bucket-settings.ts';

export interface OpenObjectStore extends ObjectStore {
  check(): Promise<{ endpoint: string; bucket: string }>;
  settings(): Promise<BucketSettings>;
  close(): void;
}

/**
 * The ledger's store. A create-once PUT whose answer was lost is repeated by the SDK and then answers 412 to our own
 * earlier write: that is `created: false`, and the caller finds its nonce in the object.
 */
export function openObjectStore(options: BucketOptions, deps: S3Deps): OpenObjectStore {
  const bucket = new Bucket(options, deps);
  return {
    async putIfAbsent(key, body, put = {}) {
      return { created: await bucket.put(key, body, { contentType: put.contentType, onlyIfAbsent: true }) };
    },
    async put(key, body, put = {}) {
      await bucket.put(key, body, { contentType: put.contentType, onlyIfAbsent: false });
    },
    get: (key) => bucket.get(key),
    head: (key) => bucket.head(key),
    list: (prefix, list = {}) => bucket.list(prefix, list.startAfter),
    delete: (keys) => bucket.delete(keys),
    serverTimeMs: () => bucket.serverTimeMs(),
    check: () => bucket.check(),
    settings: () => bucket.settings(),
    close: () => bucket.close(),
  };
}
