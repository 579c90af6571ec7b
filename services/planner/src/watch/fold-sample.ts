/** The state of the write log after one more sample. Pure: all times are the source's. */
import type { SourceWrite, WriteSample } from '@lakehaul/adapters';
import { latest, type SourceTime } from '@lakehaul/core';
import type { WriteLogState, WrittenTable } from '@lakehaul/ledger';

export const NOTHING_KNOWN: WriteLogState = { since: {}, lastWrites: {}, pending: [] };

/** Half-open. */
export type Window = { from: SourceTime; to: SourceTime };

type Pending = WriteLogState['pending'][number];

/**
 * When a write has become visible to snapshots, at the latest: the end of its commit where the history tells it, else
 * the time by which its transaction was seen to have ended. Null: never (rolled back). A TRUNCATE commits by itself, in
 * the middle of its transaction and whatever becomes of the rest of it.
 */
function visibleAt(transactionId: string, sample: WriteSample, commitsItself: boolean): SourceTime | 'open' | null {
  if (commitsItself) return sample.readAt;
  const outcome = sample.outcomes.get(transactionId);
  if (outcome?.kind === 'rolled-back') return null;
  if (outcome?.kind === 'committed') return outcome.at ?? sample.readAt;
  return sample.open.includes(transactionId) ? 'open' : sample.readAt;
}

/**
 * After a gap nothing of `before` is known but its pending transactions: what lies before the window does not matter any
 * more, except for a transaction that has written then and may still commit.
 */
export function foldSample(
  before: WriteLogState,
  window: Window,
  oids: readonly string[],
  sample: WriteSample,
): WriteLogState {
  // A table that this sample did not ask about (its sampler knew an older list of plans) is known without a gap no longer.
  const since = Object.fromEntries(oids.map((oid) => [oid, before.since[oid] ?? window.from]));
  const lastWrites = { ...before.lastWrites };
  const pending = new Map<string, Pending>();
  const note = (oid: string, at: SourceTime, kinds: readonly string[]) => {
    const known = lastWrites[oid];
    lastWrites[oid] = {
      at: latest([at, ...(known === undefined ? [] : [known.at])]) ?? at,
      kinds: union(known?.kinds ?? [], kinds),
    };
  };
  const judge = (write: Pending, commitsItself: boolean) => {
    const at = visibleAt(write.transactionId, sample, commitsItself);
    if (at === 'open') pending.set(write.transactionId, merged(pending.get(write.transactionId), write));
    else if (at !== null) for (const oid of write.oids) note(oid, at, write.kinds);
  };
  for (const transaction of before.pending) judge(transaction, false);
  for (const write of sample.writes)
    judge(
      { transactionId: write.transactionId, oids: [write.oid], kinds: [write.kind], lastAt: write.lastAt },
      write.kind === 'truncate',
    );
  // Whatever has the name now is what the next probe and UNLOAD read, and its writes are told under another oid.
  for (const oid of sample.displaced) note(oid, sample.readAt, ['swapped']);
  return { since, lastWrites, pending: [...pending.values()] };
}

function merged(known: Pending | undefined, write: Pending): Pending {
  if (known === undefined) return write;
  return {
    transactionId: write.transactionId,
    oids: union(known.oids, write.oids),
    kinds: union(known.kinds, write.kinds),
    lastAt: latest([known.lastAt, write.lastAt]) ?? write.lastAt,
  };
}

function union(a: readonly string[], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])].sort();
}

/** What the window held, by table, for people. */
export function writtenTables(sample: WriteSample): WrittenTable[] {
  const byTable = new Map<string, SourceWrite[]>();
  for (const write of sample.writes) byTable.set(write.oid, [...(byTable.get(write.oid) ?? []), write]);
  return [...byTable].map(([oid, writes]) => {
    const transactions = new Set(writes.map((write) => write.transactionId));
    const isRolledBack = (id: string) => sample.outcomes.get(id)?.kind === 'rolled-back';
    return {
      oid,
      kinds: union(
        writes.map((write) => write.kind),
        [],
      ),
      statements: writes.reduce((sum, write) => sum + write.statements, 0),
      transactions: transactions.size,
      rolledBack: [...transactions].filter(isRolledBack).length,
      firstAt: writes.reduce(
        (least, write) => (write.firstAt < least ? write.firstAt : least),
        writes[0]?.firstAt ?? '',
      ),
      lastAt: writes.reduce((most, write) => (write.lastAt > most ? write.lastAt : most), ''),
      knownFrom: [...new Set(writes.map((write) => write.knownFrom))].sort(),
    };
  });
}
