/**
 * Key literals as integers, so that ranges are cut without floating point. Text keys have no such space: their
 * boundaries are prefixes in the source's own order (split-text.ts).
 */
import { LakehaulError, type SourceColumn, type SourceType } from '@lakehaul/core';

const MICROS_PER_DAY = 86_400_000_000n;

export function isOrdinalKey(type: SourceType): boolean {
  return ['smallint', 'integer', 'bigint', 'decimal', 'date', 'timestamp', 'timestamptz'].includes(type.kind);
}

/** Text under binary comparison; collated text orders differently from its bytes, floats have no exact literals. */
export function isTextKey(column: SourceColumn): boolean {
  return (column.type.kind === 'varchar' || column.type.kind === 'char') && !column.isCaseInsensitive;
}

export function isUsableKey(column: SourceColumn): boolean {
  return isOrdinalKey(column.type) || isTextKey(column);
}

/** Whether the text is a literal that every rendering of a bound takes. */
export function isCanonicalLiteral(type: SourceType, text: string): boolean {
  switch (type.kind) {
    case 'smallint':
    case 'integer':
    case 'bigint':
      return /^-?\d{1,19}$/.test(text);
    case 'decimal':
      return /^-?\d{1,38}(\.\d{1,38})?$/.test(text);
    case 'date':
      return /^\d{4}-\d{2}-\d{2}$/.test(text);
    case 'timestamp':
    case 'timestamptz':
      return /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d{1,6})?$/.test(text);
    default:
      return true;
  }
}

/** Canonical literal -> integer: units of the last digit, days or microseconds since 1970. */
export function ordinalOf(type: SourceType, literal: string): bigint {
  switch (type.kind) {
    case 'smallint':
    case 'integer':
    case 'bigint':
      return BigInt(literal);
    case 'decimal':
      return unscaled(literal, type.scale);
    case 'date':
      return daysOf(literal);
    case 'timestamp':
    case 'timestamptz':
      return microsOf(literal);
    default:
      throw new LakehaulError('KEY_UNUSABLE', `type ${type.kind} has no integer key space`);
  }
}

export function literalOf(type: SourceType, ordinal: bigint): string {
  switch (type.kind) {
    case 'smallint':
    case 'integer':
    case 'bigint':
      return ordinal.toString();
    case 'decimal':
      return scaled(ordinal, type.scale);
    case 'date':
      return dateText(ordinal);
    case 'timestamp':
    case 'timestamptz':
      return timestampText(ordinal);
    default:
      throw new LakehaulError('KEY_UNUSABLE', `type ${type.kind} has no integer key space`);
  }
}

function unscaled(literal: string, scale: number): bigint {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(literal);
  if (match === null) throw new LakehaulError('INTERNAL', 'a value of the key is no decimal literal');
  const [, sign, whole, fraction = ''] = match;
  const digits = BigInt(`${whole}${fraction.padEnd(scale, '0').slice(0, scale)}`);
  return sign === '-' ? -digits : digits;
}

function scaled(value: bigint, scale: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return value < 0n ? `-${text}` : text;
}

/** Proleptic Gregorian, years 0001 to 9999 (a chunk boundary outside is never needed: the ends are unbounded). */
function daysOf(literal: string): bigint {
  const match = /^(\d{4,})-(\d{2})-(\d{2})$/.exec(literal);
  if (match === null) throw new LakehaulError('INTERNAL', 'a value of the key is no date literal');
  const date = new Date(0);
  date.setUTCFullYear(Number(match[1]), Number(match[2]) - 1, Number(match[3]));
  return BigInt(Math.round(date.getTime() / 86_400_000));
}

function dateText(days: bigint): string {
  return new Date(Number(days) * 86_400_000).toISOString().slice(0, 10);
}

function microsOf(literal: string): bigint {
  const match = /^(\S+)[ T](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?(?:Z|\+00)?$/.exec(literal);
  if (match === null) throw new LakehaulError('INTERNAL', 'a value of the key is no timestamp literal');
  const [, date = '', hours, minutes, seconds, fraction = ''] = match;
  const inDay =
    BigInt(Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1_000_000n +
    BigInt(fraction.padEnd(6, '0'));
  return daysOf(date) * MICROS_PER_DAY + inDay;
}

function timestampText(micros: bigint): string {
  const inDay = ((micros % MICROS_PER_DAY) + MICROS_PER_DAY) % MICROS_PER_DAY;
  const days = (micros - inDay) / MICROS_PER_DAY;
  const seconds = Number(inDay / 1_000_000n);
  const two = (value: number) => String(value).padStart(2, '0');
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return `${dateText(days)} ${clock}.${(inDay % 1_000_000n).toString().padStart(6, '0')}`;
}
