/** Sizes and durations as people write them. Exact: no floats, so `1.5GiB` is refused rather than rounded. */

const SIZE_UNITS: Readonly<Record<string, bigint>> = {
  '': 1n,
  B: 1n,
  KiB: 1024n,
  MiB: 1024n ** 2n,
  GiB: 1024n ** 3n,
  TiB: 1024n ** 4n,
  kB: 1000n,
  MB: 1000n ** 2n,
  GB: 1000n ** 3n,
  TB: 1000n ** 4n,
};

export const SIZE_FORM = 'a whole number with B, KiB, MiB, GiB, TiB, kB, MB, GB or TB, such as 256MiB';

/** As JSON Schema has it: what parseSizeBytes takes, written so that no flag is needed. */
export const SIZE_PATTERN = `^\\s*\\d{1,18}\\s*(${Object.keys(SIZE_UNITS).filter(Boolean).join('|')})?\\s*$`;

/** Null when the text is no size. */
export function parseSizeBytes(text: string): bigint | null {
  const match = /^(\d{1,18})\s*([A-Za-z]*)$/.exec(text.trim());
  const unit = SIZE_UNITS[match?.[2] ?? '?'];
  return match === null || unit === undefined ? null : BigInt(match[1] ?? '') * unit;
}

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

export const DURATION_FORM = 'a whole number with ms, s, m, h or d, such as 24h';

/** As JSON Schema has it: what parseDurationMs takes (but for numbers that are too long to be exact). */
export const DURATION_PATTERN = `^\\s*\\d{1,12}\\s*(${Object.keys(DURATION_UNITS).join('|')})\\s*$`;

/** Null when the text is no duration. A bare number has no unit, so it is none. */
export function parseDurationMs(text: string): number | null {
  const match = /^(\d{1,12})\s*(ms|s|min|m|h|d)$/.exec(text.trim());
  const unit = DURATION_UNITS[match?.[2] ?? ''];
  if (match === null || unit === undefined) return null;
  const ms = Number(match[1]) * unit;
  return Number.isSafeInteger(ms) ? ms : null;
}
