/**
 * The referee: canonical texts in TypeScript, from the exact text (or bytes) of a value. It shares no code with the SQL
 * but the float ladder's table of steps.
 */
import { LakehaulError, type SourceType } from '@lakehaul/core';
import { floatText } from './float-ladder.ts';

/** Exact text as a person would write it (floats: any text that reads back to the same number), or bytes for VARBYTE. */
export type ExactValue = string | Uint8Array | null;

const MICROS_PER_DAY = 86_400_000_000n;

export function canonicalText(type: SourceType, value: ExactValue): string | null {
  if (value === null) return null;
  if (value instanceof Uint8Array) {
    if (type.kind !== 'varbyte') throw unreadable(type);
    return Buffer.from(value).toString('hex');
  }
  switch (type.kind) {
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'interval_year_month':
    case 'interval_day_second':
      return BigInt(value).toString();
    case 'decimal':
      return decimalText(value, type.scale);
    case 'boolean':
      return /^(t|true|1)$/i.test(value) ? '1' : '0';
    case 'real':
      return floatText(Math.fround(floatOf(value)), true);
    case 'double':
      return floatText(floatOf(value), false);
    case 'date':
      return daysOf(value, type).toString();
    case 'timestamp':
    case 'timestamptz':
      return microsOf(value, type).toString();
    case 'time':
      return microsOfDay(value, type).toString();
    case 'char':
      return value.replace(/ +$/, '');
    case 'varbyte':
      return value.toLowerCase();
    case 'varchar':
    case 'timetz':
    case 'super':
    case 'geometry':
    case 'geography':
      return value;
    case 'hllsketch':
    case 'unknown':
      throw unreadable(type);
  }
}

/** The message has no value in it. */
function unreadable(type: SourceType): LakehaulError {
  return new LakehaulError('INTERNAL', `this text is no value of type ${type.kind}`);
}

function floatOf(value: string): number {
  const text = value.trim();
  const number = Number(text);
  if (Number.isNaN(number) && !/^nan$/i.test(text)) throw unreadable({ kind: 'double' });
  return number;
}

function decimalText(value: string, scale: number): string {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(value.trim());
  if (match === null || (match[3] ?? '').length > scale) throw unreadable({ kind: 'decimal', precision: 38, scale });
  const unscaled = BigInt(`${match[2] ?? ''}${(match[3] ?? '').padEnd(scale, '0')}` || '0');
  const digits = unscaled.toString().padStart(scale + 1, '0');
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return match[1] === '-' && unscaled !== 0n ? `-${text}` : text;
}

/** Days since 1970-01-01 in the proleptic Gregorian calendar, by counting: no Date, whose years 0-99 are special. */
function daysOf(text: string, type: SourceType): bigint {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (match === null) throw unreadable(type);
  const [year, month, day] = [BigInt(match[1] as string), BigInt(match[2] as string), BigInt(match[3] as string)];
  // Years from March on, so that the leap day is the last (Hinnant, chrono-compatible date algorithms).
  const y = month <= 2n ? year - 1n : year;
  const era = (y >= 0n ? y : y - 399n) / 400n;
  const yearOfEra = y - era * 400n;
  const dayOfYear = (153n * (month + (month > 2n ? -3n : 9n)) + 2n) / 5n + day - 1n;
  const dayOfEra = yearOfEra * 365n + yearOfEra / 4n - yearOfEra / 100n + dayOfYear;
  return era * 146_097n + dayOfEra - 719_468n;
}

function microsOfDay(text: string, type: SourceType): bigint {
  const match = /^(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?$/.exec(text);
  if (match === null) throw unreadable(type);
  const seconds = (BigInt(match[1] as string) * 60n + BigInt(match[2] as string)) * 60n + BigInt(match[3] ?? '0');
  return seconds * 1_000_000n + BigInt((match[4] ?? '').padEnd(6, '0'));
}

/** UTC unless it names an offset. */
function microsOf(text: string, type: SourceType): bigint {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[ T]([\d:.]+))?(?:Z|([+-])(\d{2})(?::?(\d{2}))?)?$/.exec(text);
  if (match === null) throw unreadable(type);
  const offset = (BigInt(match[4] ?? '0') * 60n + BigInt(match[5] ?? '0')) * 60_000_000n;
  const local = daysOf(match[1] as string, type) * MICROS_PER_DAY + microsOfDay(match[2] ?? '00:00', type);
  return match[3] === '-' ? local + offset : local - offset;
}
