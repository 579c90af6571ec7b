/** What must hold at every moment of every schedule, judged on the model itself and not by the code under test. */
import {
  type AttemptReceipts,
  type AttemptRef,
  type ChunkRef,
  chunkStateOf,
  lineageOf,
  lineageRange,
  type ProofBody,
  type Stage,
} from '@lakehaul/core';
import { LedgerKeys } from '../../../packages/ledger/src/keys.ts';
import { commitFaults, lineageFaults } from '../../../services/verifier/src/seal-table.ts';
import { MIGRATION } from '../ledger-world.ts';
import { commitsSince, lineageCounts, listed } from '../model/calls.ts';
import { LEDGER_PREFIX } from '../model/ports.ts';
import { type Clouds, currentRows, LIVE_ROWS, type TargetRow } from '../model/state.ts';

const keys = new LedgerKeys(LEDGER_PREFIX, MIGRATION);

/** Null when all is well, else what is not. */
export function brokenBetween(before: Clouds, after: Clouds, ref: ChunkRef): string | null {
  const isSame = before.objects === after.objects && before.versions === after.versions;
  if (isSame) return null;
  return brokenLedger(before, after) ?? brokenLiveRows(after) ?? brokenProof(before, after, ref);
}

/** I5 */
function brokenLedger(before: Clouds, after: Clouds): string | null {
  if (before.objects === after.objects) return null;
  for (const [key, object] of before.objects) {
    if (!key.startsWith(`${LEDGER_PREFIX}/`)) continue;
    const now = after.objects.get(key);
    if (now === undefined) return `I5: ${key} was removed`;
    if (now.body !== object.body) return `I5: ${key} was changed`;
  }
  return null;
}

/** I11 */
function brokenLiveRows(after: Clouds): string | null {
  const live = currentRows(after).filter((row) => row.lineage === null);
  const isUntouched = live.length === LIVE_ROWS.length && live.every((row, place) => row.row === LIVE_ROWS[place]?.row);
  return isUntouched ? null : 'I11: a live row was changed';
}

/** I2 and I3: while the highest attempt counts as proven, the target holds exactly what that attempt staged. */
function brokenProof(before: Clouds, after: Clouds, ref: ChunkRef): string | null {
  const state = stateOf(after, ref);
  if (state.stage !== 'verified' && state.stage !== 'counted') return null;
  const attempt = { ...ref, attempt: state.attempt };
  const isNew = !before.objects.has(keys.receipt(attempt, state.stage));
  if (isNew) {
    const proof = bodyOf(after, attempt, state.stage) as { targetVersion: string };
    const at = after.versions[Number(proof.targetVersion)] ?? [];
    const wrong = unequal(after, attempt, at);
    if (wrong !== null) return `I3: ${state.stage} at version ${proof.targetVersion}, but ${wrong}`;
  }
  const wrong = unequal(after, attempt, currentRows(after));
  return wrong === null ? null : `I2: attempt ${state.attempt} is ${state.stage}, but ${wrong}`;
}

export function unequal(clouds: Clouds, attempt: AttemptRef, rows: readonly TargetRow[]): string | null {
  const { low, high } = lineageRange(attempt.chunk);
  const own = lineageOf(attempt.chunk, attempt.attempt);
  const inRange = rows.filter((row) => row.lineage !== null && row.lineage >= low && row.lineage <= high);
  const other = inRange.filter((row) => row.lineage !== own);
  if (other.length > 0) return `${other.length} rows are there under lineage ${other[0]?.lineage}, not ${own}`;
  const staged = stagedRowsOf(clouds, attempt);
  const have = inRange.map((row) => row.row).sort((a, b) => a - b);
  return have.join() === staged.join()
    ? null
    : `the target holds rows ${have.join() || 'none'}, staged were ${staged.join() || 'none'}`;
}

/** The rows that the attempt's transaction read at the source, in order, whatever became of the staged files. */
export function stagedRowsOf(clouds: Clouds, attempt: AttemptRef): number[] {
  const body = bodyOf(clouds, attempt, 'unloaded') as { dataPrefix: string };
  const batch = clouds.batches.find(({ dataPrefix }) => dataPrefix === body.dataPrefix);
  if (batch === undefined) throw new Error(`no UNLOAD wrote to ${body.dataPrefix}`);
  return [...batch.rows].sort((a, b) => a - b);
}

function bodyOf(clouds: Clouds, attempt: AttemptRef, stage: Stage): unknown {
  const text = clouds.objects.get(keys.receipt(attempt, stage))?.body;
  if (text === undefined) throw new Error(`no ${stage} receipt of attempt ${attempt.attempt}`);
  return (JSON.parse(text) as { body: unknown }).body;
}

/** The chunk's state by the rule of journey.ts, from the keys alone. */
export function stateOf(clouds: Clouds, ref: ChunkRef): ReturnType<typeof chunkStateOf> {
  let highest: AttemptReceipts | undefined;
  for (const { key } of listed(clouds, keys.chunkPrefix(ref))) {
    const parsed = keys.parseReceipt(key);
    if (parsed === null || parsed.stage === 'ending') continue;
    if (highest === undefined || parsed.attempt > highest.attempt)
      highest = { attempt: parsed.attempt, stages: new Set(), submissions: 0, failures: 0 };
    (highest.stages as Set<Stage>).add(parsed.stage);
  }
  return chunkStateOf(highest);
}

export function quarantineReason(clouds: Clouds, ref: ChunkRef): string | null {
  const { attempt } = stateOf(clouds, ref);
  const text = clouds.objects.get(keys.receipt({ ...ref, attempt }, 'quarantined'))?.body;
  if (text === undefined) return null;
  const { body } = JSON.parse(text) as { body: { code: string; message: string; next: string } };
  return body.code === '' || body.message === '' || body.next === '' ? null : `${body.code} ${body.message}`;
}

/** The seal's rule over the target as it is now, against the proof that the ledger holds. */
export function sealFinds(clouds: Clouds, ref: ChunkRef): boolean {
  const state = stateOf(clouds, ref);
  if (state.stage !== 'verified') return false;
  const body = bodyOf(clouds, { ...ref, attempt: state.attempt }, 'verified') as ProofBody;
  const proven = [
    { chunk: ref.chunk, attempt: state.attempt, rowCount: body.rowCounts.target, provenVersion: body.targetVersion },
  ];
  const commits = commitsSince(clouds, body.targetVersion).map((commit) => ({ ...commit, metrics: {}, user: '' }));
  return lineageFaults(proven, lineageCounts(currentRows(clouds))).length + commitFaults(commits, proven).length > 0;
}

/** Somebody else's UPDATE since the proof read the target: no fence is against that, and the seal must name it. */
export function sealFindsForeignCommit(clouds: Clouds, ref: ChunkRef): boolean {
  const state = stateOf(clouds, ref);
  if (state.stage !== 'verified') return false;
  const { targetVersion } = bodyOf(clouds, { ...ref, attempt: state.attempt }, 'verified') as ProofBody;
  const foreign = commitsSince(clouds, targetVersion).filter(({ operation }) => operation === 'UPDATE');
  return (
    commitFaults(
      foreign.map((commit) => ({ ...commit, metrics: {}, user: '' })),
      [],
    ).length > 0
  );
}
