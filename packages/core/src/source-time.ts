/**
 * Times of the source's clock as text of one width, `YYYY-MM-DD HH24:MI:SS.US` in UTC: they compare as texts, and no
 * microsecond is lost in a `number`. A clock of ours is never compared with them.
 */
import { LakehaulError } from './errors.ts';

export type SourceTime = string;

const FORM = /^(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2})\.(\d{6})$/;

export function isSourceTime(text: string): boolean {
  return FORM.test(text);
}

/** Microseconds since 1970. */
export function sourceMicros(time: SourceTime): bigint {
  const match = FORM.exec(time);
  if (match === null) throw new LakehaulError('INTERNAL', 'the source answered a time in another form');
  const [, year, month, day, hour, minute, second, micros = '0'] = match;
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  return BigInt(ms) * 1000n + BigInt(micros);
}

export function sourceTime(micros: bigint): SourceTime {
  const text = new Date(Number(micros / 1000n)).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 19)}.${(micros % 1_000_000n).toString().padStart(6, '0')}`;
}

export function addMs(time: SourceTime, ms: number): SourceTime {
  return sourceTime(sourceMicros(time) + BigInt(Math.round(ms)) * 1000n);
}

export function earliest(times: readonly SourceTime[]): SourceTime | null {
  return times.reduce<SourceTime | null>((least, time) => (least === null || time < least ? time : least), null);
}

export function latest(times: readonly SourceTime[]): SourceTime | null {
  return times.reduce<SourceTime | null>((most, time) => (most === null || time > most ? time : most), null);
}
