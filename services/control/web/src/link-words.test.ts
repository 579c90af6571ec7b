import { expect, it } from 'vitest';
import { linkWords } from './link-words.ts';

const NOW = 1_000_000;
const words = (link: 'connecting' | 'live' | 'lost', heardAgo: number | null, lookedAgo: number | null) => {
  const at = (ago: number | null) => (ago === null ? 0 : NOW - ago);
  const { text, look, alarm } = linkWords({ link, nowMs: NOW, heardMs: at(heardAgo), lookedMs: at(lookedAgo) });
  return [text, look, alarm !== ''];
};

it('a line is live only while something is heard, and what comes is new', () => {
  expect(words('connecting', null, null)).toEqual(['connecting', '', false]);
  expect(words('live', 2_000, 3_000)).toEqual(['live', 'live', false]);
  expect(words('live', 18_000, 3_000)).toEqual(['last heard 18 s ago', 'lost', true]);
  expect(words('lost', 42_000, 43_000)).toEqual(['last heard 42 s ago', 'lost', true]);
  expect(words('lost', null, null)).toEqual(['not connected', 'lost', true]);
});

it('a service that answers from memory, since it cannot read the ledger, is never told as live', () => {
  expect(words('live', 1_000, 59_000)).toEqual(['live', 'live', false]);
  expect(words('live', 1_000, 185_000)).toEqual(['old: ledger read 3 min 5 s ago', 'lost', true]);
});
