/**
 * How fast proofs came, out of the ledger's own times. Pure. A chunk counts with its table's mean planned bytes, because
 * that is how what is left is measured too. Between two proofs bytes count as moved evenly, so that a constant pace
 * looks constant whatever the size of a window is. Statistics are on floats; totals stay bigint elsewhere.
 */
export interface ProofTimes {
  /** S3 times in whole seconds, in no order. */
  seconds: readonly Uint32Array[];
  bytesPerChunk: number;
}

export interface Pace {
  /** Until when it was measured: the last proof, or later when the next one is overdue. */
  endSeconds: number;
  windowSeconds: number;
  windows: number;
  /** Bytes of a window, over all of them. */
  meanBytes: number;
  /** By the windows as they are, and by two and four of them as one. */
  deviations: readonly Deviation[];
}

export interface Deviation {
  /** How many there are, of this length. */
  windows: number;
  /** Standard deviation as it would be of a window if each were independent of the one before it. */
  bytes: number;
}

export type NoPace = 'too-few' | 'silent';

/** A week holds the nights, the blackouts and the weekend that the next days will have as well. */
const LOOKBACK_SECONDS = 7 * 86_400;
/** Proofs of fewer moments than this, after the first, say nothing about a spread. */
export const LEAST_MOMENTS = 10;
/** Batch means: few long windows, so that one hardly depends on the one before it. */
const MOST_WINDOWS = 20;
/** Windows as one: what goes on for longer than a window shows in the spread of longer ones. */
const JOINED = [1, 2, 4] as const;
/** With fewer a spread says nothing. */
const LEAST_WINDOWS = 5;
/** A million proofs cost one pass and no sorting. */
const MOST_PLACES = 4_096;

export function measurePace(proofs: readonly ProofTimes[], nowSeconds: number): Pace | NoPace {
  const { oldest, newest } = spanOf(proofs);
  const first = Math.max(oldest, newest - LOOKBACK_SECONDS);
  if (!(newest > first)) return 'too-few';
  const moments = momentsOf(proofs, first, newest);
  // Many proofs of one moment are one observation.
  const count = moments.length;
  if (count < LEAST_MOMENTS) return 'too-few';
  if (nowSeconds - newest > newest - first) return 'silent';
  const last = first + (moments.at(-1)?.after ?? 0);
  const endSeconds = Math.max(last, nowSeconds - (last - first) / count);
  const windows = Math.min(MOST_WINDOWS, Math.floor(count / 2));
  const windowSeconds = (endSeconds - first) / windows;
  const bytes = windowBytes(moments, windowSeconds, windows);
  const deviations = JOINED.filter((joined) => windows / joined >= LEAST_WINDOWS).map((joined) =>
    spread(bytes, joined),
  );
  return { endSeconds, windowSeconds, windows, meanBytes: mean(bytes), deviations };
}

interface Moment {
  /** Seconds after the first proof: what was proven at the very start took its time before it. */
  after: number;
  bytes: number;
}

/** In order. A table alone has few enough to be sorted, which matters when there are thousands of tables. */
function momentsOf(proofs: readonly ProofTimes[], first: number, newest: number): Moment[] {
  const [only] = proofs;
  const count = proofs.reduce((sum, { seconds }) => sum + seconds.reduce((all, list) => all + list.length, 0), 0);
  return proofs.length === 1 && only !== undefined && count <= MOST_PLACES
    ? sortedMoments(only, first, count)
    : placedMoments(proofs, first, newest);
}

function sortedMoments({ seconds, bytesPerChunk }: ProofTimes, first: number, count: number): Moment[] {
  const sorted = new Uint32Array(count);
  let filled = 0;
  for (const list of seconds) {
    sorted.set(list, filled);
    filled += list.length;
  }
  sorted.sort();
  const moments: Moment[] = [];
  if (bytesPerChunk <= 0) return moments;
  for (const second of sorted) {
    const after = second - first;
    if (after <= 0) continue;
    const last = moments.at(-1);
    if (last?.after === after) last.bytes += bytesPerChunk;
    else moments.push({ after, bytes: bytesPerChunk });
  }
  return moments;
}

/** In one pass, however many there are: by places of whole seconds. */
function placedMoments(proofs: readonly ProofTimes[], first: number, newest: number): Moment[] {
  const placeSeconds = Math.ceil((newest - first) / MOST_PLACES);
  const moved = new Float64Array(Math.floor((newest - first) / placeSeconds) + 1);
  for (const { seconds, bytesPerChunk } of proofs)
    for (const list of seconds)
      for (const second of list) {
        const place = Math.floor((second - first) / placeSeconds);
        if (place > 0) moved[place] = (moved[place] ?? 0) + bytesPerChunk;
      }
  const moments: Moment[] = [];
  moved.forEach((bytes, place) => {
    if (bytes > 0) moments.push({ after: place * placeSeconds, bytes });
  });
  return moments;
}

function spanOf(proofs: readonly ProofTimes[]): { oldest: number; newest: number } {
  let oldest = Number.POSITIVE_INFINITY;
  let newest = Number.NEGATIVE_INFINITY;
  for (const { seconds } of proofs)
    for (const list of seconds)
      for (const second of list) {
        if (second < oldest) oldest = second;
        if (second > newest) newest = second;
      }
  return { oldest, newest };
}

/** Each moment's bytes are spread over the time since the moment before it. */
function windowBytes(moments: readonly Moment[], windowSeconds: number, windows: number): Float64Array {
  const bytes = new Float64Array(windows);
  let since = 0;
  for (const { after: until, bytes: here } of moments) {
    const perSecond = here / (until - since);
    for (let from = since; from < until; ) {
      // Rounding may put the very end into a window that is not there.
      const window = Math.min(windows - 1, Math.floor(from / windowSeconds + 1e-9));
      const to = window === windows - 1 ? until : Math.min(until, (window + 1) * windowSeconds);
      bytes[window] = (bytes[window] ?? 0) + perSecond * (to - from);
      from = to;
    }
    since = until;
  }
  return bytes;
}

/** The newest windows, so many as one. Sums of independent ones deviate by the root of their number. */
function spread(bytes: Float64Array, joined: number): Deviation {
  const windows = Math.floor(bytes.length / joined);
  const sums = new Float64Array(windows);
  const first = bytes.length - windows * joined;
  for (let index = first; index < bytes.length; index++) {
    const window = Math.floor((index - first) / joined);
    sums[window] = (sums[window] ?? 0) + (bytes[index] ?? 0);
  }
  const around = mean(sums);
  const squares = sums.reduce((sum, each) => sum + (each - around) ** 2, 0);
  return { windows, bytes: Math.sqrt(squares / (windows - 1) / joined) };
}

function mean(values: Float64Array): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}
