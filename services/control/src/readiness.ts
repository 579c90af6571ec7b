/** Whether requests should come to this process: what `/readyz` answers. */
import type { Health } from '@lakehaul/runtime';
import type { ReadModel } from './read-model.ts';

/** Who has not read the ledger for so long is not the one to ask. A look at a million chunks takes some tens of seconds. */
const STALE_MS = 300_000;

export function readiness(
  model: Pick<ReadModel, 'isReady' | 'ageMs' | 'snapshot'>,
  areTokensReadable: boolean,
): Health {
  if (!areTokensReadable) return { isOk: false, detail: { tokens: 'their file cannot be read: nobody is known' } };
  if (!model.isReady) return { isOk: false, detail: { ledger: 'is being read for the first time' } };
  if ((model.ageMs ?? 0) > STALE_MS) return { isOk: false, detail: { ledger: 'was not read for five minutes' } };
  return model.snapshot.queues === null
    ? { isOk: false, detail: { queue: 'QUEUE_UNAVAILABLE' } }
    : { isOk: true, detail: {} };
}
