import { expect, it } from 'vitest';
import { PageCache, prepare } from './read-model.ts';

it('a page is made once while there is room, and anew each time when there is none', () => {
  const cache = new PageCache(200);
  const made: string[] = [];
  const ask = (asked: string, size: number) =>
    cache.get(asked, () => {
      made.push(asked);
      return prepare('now', { text: 'x'.repeat(size) });
    });
  for (const round of [1, 2]) {
    expect(ask('big', 300).body.length, String(round)).toBeGreaterThan(300);
    ask('small', 10);
    ask('late', 60);
  }
  expect(made).toEqual(['big', 'small', 'late', 'big', 'late']);
});
