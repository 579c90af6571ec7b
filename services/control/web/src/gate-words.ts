/** Numbers of gates in words. Pure. */
import { count, duration } from './format.ts';
import type { Gates } from './shapes.ts';

export type GateRow = Gates['gates'][number];

export const VERDICT_WORDS = { PASS: 'passes', HOLD: 'holds', NO_GO: 'no go', NOT_ASKED: 'not asked yet' } as const;
export const VERDICT_LOOKS = { PASS: 'good', HOLD: 'warn', NO_GO: 'bad', NOT_ASKED: 'quiet' } as const;

/** `3 of 40 chunks`, `2 min 5 s`, `1.20 times`. */
export function reading({ value, of, unit }: Pick<GateRow, 'value' | 'of' | 'unit'>): string {
  if (value === null) return 'not known';
  const number = quantity(value, unit);
  return of === null ? withUnit(number, value, unit) : `${number} of ${withUnit(count(of), of, unit)}`;
}

/** What it may be at most. */
export function threshold({ limit, unit }: Pick<GateRow, 'limit' | 'unit'>): string {
  if (limit === null) return 'not known';
  return limit === 0 ? 'none' : `at most ${withUnit(quantity(limit, unit), limit, unit)}`;
}

function quantity(value: number, unit: GateRow['unit']): string {
  if (unit === 'ms') return value === 0 ? '0 s' : duration(value);
  return unit === 'ratio' ? value.toFixed(2) : count(value);
}

function withUnit(number: string, value: number, unit: GateRow['unit']): string {
  if (unit === 'ms') return number;
  if (unit === 'ratio') return `${number} times`;
  return `${number} ${value === 1 ? ONE[unit] : unit}`;
}

const ONE = { tables: 'table', chunks: 'chunk', columns: 'column', faults: 'fault', queries: 'query' } as const;

/** `#/gates/<code>`: only what is a gate has such a page; that nothing is planned has no more behind it. */
export function isGate(code: string, gates: readonly Pick<GateRow, 'code'>[]): boolean {
  return gates.some((gate) => gate.code === code);
}
