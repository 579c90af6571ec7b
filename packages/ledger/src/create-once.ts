/** The one way in which the ledger writes. */
import { type Actor, asLakehaulError, type Clock, type Ids, type ObjectStore } from '@lakehaul/core';
import type { LedgerKeys } from './keys.ts';

/** What all parts of a ledger share. */
export interface LedgerContext {
  store: ObjectStore;
  keys: LedgerKeys;
  migration: string;
  actor: Actor;
  clock: Clock;
  ids: Ids;
}

/**
 * Creates the object, or says that the key was taken, perhaps by our own lost PUT: the caller compares nonces. The body
 * is the very same in the repetition, so it cannot matter which of the two was stored.
 */
export async function createOnce(context: LedgerContext, key: string, body: string): Promise<boolean> {
  const put = () => context.store.putIfAbsent(key, body, { contentType: 'application/json' });
  try {
    return (await put()).created;
  } catch (thrown) {
    if (asLakehaulError(thrown).disposition !== 'retry') throw thrown;
    return (await put()).created;
  }
}
