/** Money in whole micro-units of the currency: sums are exact, and no float touches them. */
import { LakehaulError } from '@lakehaul/core';

const AMOUNT = /^(\d{1,9})(?:\.(\d{1,6}))?$/;

/** `0.36` is 360000. Throws USAGE for anything that is no such text. */
export function parseMicros(text: string): bigint {
  const [, whole, parts = ''] = AMOUNT.exec(text) ?? [];
  if (whole === undefined) throw new LakehaulError('USAGE', `${JSON.stringify(text)} is no amount such as 0.36`);
  return BigInt(whole) * 1_000_000n + BigInt(parts.padEnd(6, '0'));
}

/** With six decimals: 0.360000. */
export function microsText(micros: bigint): string {
  return `${micros / 1_000_000n}.${(micros % 1_000_000n).toString().padStart(6, '0')}`;
}

/** What `amount` costs at a price per `per`, rounded up to the next micro-unit. */
export function priceOf(micros: bigint, amount: bigint, per: bigint): bigint {
  return (micros * amount + per - 1n) / per;
}
