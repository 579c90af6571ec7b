/** INTERVAL literals: months and microseconds, kept apart as both engines do. */
import type { Expression } from './ast.ts';
import type { Cursor } from './cursor.ts';

const MICROS: Record<string, bigint> = {
  MICROSECOND: 1n,
  MILLISECOND: 1_000n,
  SECOND: 1_000_000n,
  MINUTE: 60_000_000n,
  HOUR: 3_600_000_000n,
  DAY: 86_400_000_000n,
  WEEK: 604_800_000_000n,
};

const MONTHS: Record<string, bigint> = { MONTH: 1n, QUARTER: 3n, YEAR: 12n };

const SHORT: Record<string, string> = {
  SEC: 'SECOND',
  SECS: 'SECOND',
  MIN: 'MINUTE',
  MINS: 'MINUTE',
  MON: 'MONTH',
  MONS: 'MONTH',
  YR: 'YEAR',
  YRS: 'YEAR',
  HR: 'HOUR',
  HRS: 'HOUR',
};

function unitOf(word: string): string | null {
  const upper = word.toUpperCase();
  const long = SHORT[upper] ?? upper.replace(/S$/, '');
  return long in MICROS || long in MONTHS ? long : null;
}

interface Parts {
  months: bigint;
  micros: bigint;
}

function add(parts: Parts, text: string, unit: string): boolean {
  const match = /^([+-]?)(\d+)(?:\.(\d{1,6}))?$/.exec(text);
  if (match === null) return false;
  const sign = match[1] === '-' ? -1n : 1n;
  const months = MONTHS[unit];
  if (match[3] !== undefined && unit !== 'SECOND') return false;
  if (months !== undefined) parts.months += sign * BigInt(match[2] as string) * months;
  else {
    const fraction = BigInt((match[3] ?? '').padEnd(6, '0') || '0');
    parts.micros += sign * (BigInt(match[2] as string) * (MICROS[unit] as bigint) + fraction);
  }
  return true;
}

/** '1-2' YEAR TO MONTH and '3 04:05:06.7' DAY TO SECOND. */
function addRange(parts: Parts, text: string, range: string): boolean {
  if (range === 'YEAR TO MONTH') {
    const match = /^\s*([+-]?)(\d+)-(\d{1,2})\s*$/.exec(text);
    if (match === null || Number(match[3]) > 11) return false;
    const months = BigInt(match[2] as string) * 12n + BigInt(match[3] as string);
    parts.months += match[1] === '-' ? -months : months;
    return true;
  }
  if (range !== 'DAY TO SECOND') return false;
  const match = /^\s*([+-]?)(\d+) (\d{1,2}):(\d{2}):(\d{2}(?:\.\d{1,6})?)\s*$/.exec(text);
  if (match === null) return false;
  const total: Parts = { months: 0n, micros: 0n };
  const fields: [string, string][] = [
    [match[2] as string, 'DAY'],
    [match[3] as string, 'HOUR'],
    [match[4] as string, 'MINUTE'],
    [match[5] as string, 'SECOND'],
  ];
  if (!fields.every(([value, unit]) => add(total, value, unit))) return false;
  parts.micros += match[1] === '-' ? -total.micros : total.micros;
  return true;
}

function addText(parts: Parts, text: string): boolean {
  const words = text.trim().split(/\s+/);
  if (words.length < 2 || words.length % 2 !== 0) return false;
  return words.every((word, index) => {
    if (index % 2 === 1) return true;
    const unit = unitOf(words[index + 1] as string);
    return unit !== null && add(parts, word, unit);
  });
}

export function parseInterval(cursor: Cursor): Expression {
  const at = cursor.at;
  cursor.expect('INTERVAL');
  const parts: Parts = { months: 0n, micros: 0n };
  const negative = cursor.acceptOp('-');
  let isKnown: boolean;
  const token = cursor.take();
  if (token.kind !== 'string' && token.kind !== 'number') cursor.refuse('an INTERVAL of an expression', at);
  const unit = cursor.peek().kind === 'word' ? unitOf(cursor.peek().text) : null;
  if (unit === null) isKnown = token.kind === 'string' && addText(parts, token.text);
  else {
    cursor.take();
    if (cursor.accept('TO')) isKnown = addRange(parts, token.text, `${unit} TO ${cursor.take().text}`);
    else isKnown = add(parts, token.text.trim(), unit);
  }
  if (!isKnown || (parts.months !== 0n && parts.micros !== 0n)) cursor.refuse('this INTERVAL', at);
  if (!cursor.isRedshift && cursor.peek().kind === 'number') cursor.refuse('an INTERVAL of several units', at);
  const sign = negative ? -1n : 1n;
  const isMonths = parts.months !== 0n || (unit !== null && unit in MONTHS);
  return {
    kind: 'interval',
    at,
    months: sign * parts.months,
    micros: sign * parts.micros,
    type: { kind: isMonths ? 'interval_year_month' : 'interval_day_second' },
  };
}
