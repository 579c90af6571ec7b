import fc from 'fast-check';
import { expect, it } from 'vitest';
import { amount, axisTimes, bytes, count, duration, percent } from './format.ts';

it('a share is 100 % only of the whole, and 0 % only of nothing', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 18n), fc.bigInt(1n, 10n ** 18n), (part, of) => {
      const text = percent(part, of);
      expect(text === '0 %').toBe(part === 0n || Number(part) === 0);
      expect(text === '100 %').toBe(Number(part) >= Number(of));
    }),
  );
  expect([percent(1, 1_000_000), percent(999_999, 1_000_000), percent(1, 0)]).toEqual(['0.1 %', '99.9 %', '–']);
});

it('sizes have three figures and a unit', () => {
  expect([0, 999, 1_000, 1_500, 123_456_789, 2 ** 50 * 4.9].map((size) => bytes(size))).toEqual([
    ...['0 B', '999 B', '0.98 KiB', '1.46 KiB', '118 MiB', '4.90 PiB'],
  ]);
});

it('durations have two units at most', () => {
  const ms = [400, 1_000, 59_999, 200_000, 3_600_000, 18_720_000, 705_600_000];
  expect(ms.map(duration)).toEqual(['400 ms', '1 s', '59 s', '3 min 20 s', '1 h', '5 h 12 min', '8 d 4 h']);
});

it('64-bit numbers keep every digit', () => {
  expect(count('9007199254740993')).toBe('9,007,199,254,740,993');
});

it('money keeps its digits, and a little is not nothing', () => {
  const texts = ['0.000000', '0.004999', '12.300000', '9007199254740993.129999', null];
  expect(texts.map(amount)).toEqual(['0.00', '< 0.01', '12.30', '9,007,199,254,740,993.12', '–']);
});

it('labels of a time axis are as fine as its steps', () => {
  const noon = new Date(2026, 10, 26, 12).getTime() / 1_000;
  const labels = (step: number) => axisTimes([0, 1, 2].map((number) => noon + number * step));
  expect(labels(5)).toEqual(['12:00:00', '12:00:05', '12:00:10']);
  expect(labels(60)).toEqual(['12:00', '12:01', '12:02']);
  expect(labels(7_200)).toEqual(['12:00', '14:00', '16:00']);
  expect(labels(2 * 86_400)).toEqual(['11-26', '11-28', '11-30']);
  expect(axisTimes([])).toEqual([]);
  expect(axisTimes([noon])).toEqual(['12:00:00']);
});
