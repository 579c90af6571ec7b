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
function visibleAt(
  { transactionId }: Pick<Pending, 'transactionId'>,
  sample: WriteSample,
  { before, statement }: { before: WriteLogState; statement: string | null },
): SourceTime | 'open' | null {
  const settled = before.settled?.find((each) => each.write === (statement ?? transactionId));
  if (statement !== null) return settled?.at ?? sample.readAt;
  const outcome = sample.outcomes.get(transactionId);
  if (outcome?.kind === 'rolled-back') return null;
  if (outcome?.kind === 'committed') return outcome.at ?? sample.readAt;
  // Windows overlap: a transaction that had ended when it was read first cannot have become visible later than that.
  if (settled !== undefined) return settled.at;
  return sample.open.includes(transactionId) ? 'open' : sample.readAt;
}

/** What commits by itself is its own; everything else is its transaction's. Null: the transaction's. */
function ownCommit(write: SourceWrite): string | null {
  return commitsItself(write) ? `${write.transactionId} ${write.oid} ${write.lastAt} ${write.kind}` : null;
}

function commitsItself({ kind }: SourceWrite): boolean {
  return kind.startsWith('truncate');
}

/** Of writes that the next window may tell again: when they had become visible. What is older is told no more. */
export function settledWrites(
  before: WriteLogState,
  sample: WriteSample,
  from: SourceTime,
): NonNullable<WriteLogState['settled']> {
  const settled = new Map(
    (before.settled ?? []).filter((each) => each.lastAt >= from).map((each) => [each.write, each]),
  );
  for (const write of sample.writes) {
    const statement = ownCommit(write);
    const at = visibleAt(write, sample, { before, statement });
    if (at === 'open' || write.lastAt < from) continue;
    const name = statement ?? write.transactionId;
    settled.set(name, {
      write: name,
      at,
      lastAt: latest([write.lastAt, settled.get(name)?.lastAt ?? '']) ?? write.lastAt,
    });
  }
  return [...settled.values()];
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
  const judge = (write: Pending, statement: string | null) => {
    const at = visibleAt(write, sample, { before, statement });
    if (at === 'open') pending.set(write.transactionId, merged(pending.get(write.transactionId), write));
    else if (at !== null) for (const oid of write.oids) note(oid, at, write.kinds);
  };
  for (const transaction of before.pending) judge(transaction, null);
  for (const write of sample.writes)
    judge(
      { transactionId: write.transactionId, oids: [write.oid], kinds: [write.kind], lastAt: write.lastAt },
      ownCommit(write),
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

/** What the window held, by table, for people; what the window before it has told is not told again. */
export function writtenTables(sample: WriteSample, before: WriteLogState = NOTHING_KNOWN): WrittenTable[] {
  const byTable = new Map<string, SourceWrite[]>();
  const isTold = (write: SourceWrite) =>
    before.settled?.some(
      (each) => each.write === (ownCommit(write) ?? write.transactionId) && each.lastAt >= write.lastAt,
    );
  for (const write of sample.writes.filter((each) => !isTold(each)))
    byTable.set(write.oid, [...(byTable.get(write.oid) ?? []), write]);
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
