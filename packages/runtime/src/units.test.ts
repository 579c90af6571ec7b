import { expect, it } from 'vitest';
import { nearest } from './did-you-mean.ts';
import { parseDurationMs, parseSizeBytes } from './units.ts';

it.each([
  ['256MiB', 268_435_456n],
  ['48 GiB', 51_539_607_552n],
  ['1kB', 1_000n],
  ['5', 5n],
  ['9000000TiB', 9_000_000n * 1024n ** 4n],
  ['1.5GiB', null],
  ['-1B', null],
  ['5 gib', null],
  ['', null],
])('%s is %s bytes', (text, bytes) => {
  expect(parseSizeBytes(text)).toBe(bytes);
});

it.each([
  ['24h', 86_400_000],
  ['500ms', 500],
  ['2 min', 120_000],
  ['2m', 120_000],
  ['7d', 604_800_000],
  ['5', null],
  ['1.5h', null],
  ['999999999999d', null],
])('%s is %s ms', (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms);
});

it.each([
  ['levle', 'level'],
  ['clusteridentifier', 'clusterIdentifier'],
  ['grace', 'graceHours'],
  ['zzz', null],
])('%s probably means %s', (word, meant) => {
  expect(nearest(word, ['level', 'clusterIdentifier', 'graceHours', 'match'])).toBe(meant);
});
