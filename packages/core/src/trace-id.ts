import { createHash } from 'node:crypto';
import type { AttemptRef } from './chunk.ts';

/**
 * W3C trace id (32 hex digits) of an attempt. Derived, not drawn: worker and verifier share nothing but the ledger, and
 * still write one trace; whoever knows the chunk can ask for its trace before anybody has told its id.
 */
export function traceIdOf(migration: string, { tableId, generation, chunk, attempt }: AttemptRef): string {
  return createHash('sha256')
    .update(`lakehaul/${migration}/${tableId}/g${generation}/${chunk}/${attempt}`)
    .digest('hex')
    .slice(0, 32);
}
