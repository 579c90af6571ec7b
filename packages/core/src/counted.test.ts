import { expect, it } from 'vitest';
import { counted, separated } from './counted.ts';

it.each([
  [counted(0, 'chunk'), '0 chunks'],
  [counted(1, 'chunk'), '1 chunk'],
  [counted('1', 'row'), '1 row'],
  [counted(1_234n, 'row'), '1,234 rows'],
  [counted(9_007_199_254_740_993n, 'row'), '9,007,199,254,740,993 rows'],
  [counted(1, 'chunk waits', 'chunks wait'), '1 chunk waits'],
  [counted(2, 'chunk waits', 'chunks wait'), '2 chunks wait'],
  [separated('1000000'), '1,000,000'],
])('%s', (text, expected) => {
  expect(text).toBe(expected);
});
