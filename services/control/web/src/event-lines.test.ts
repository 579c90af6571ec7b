import fc from 'fast-check';
import { expect, it } from 'vitest';
import { eventReader } from './event-lines.ts';

const TEXT =
  'retry: 2000\n\nevent: steering\nid: 3\ndata: {"a":1}\n\n: still here\n\nevent: progress\nid: 3\ndata: {"b":\ndata: 2}\n\n';
const EVENTS = [
  { event: 'steering', id: '3', data: '{"a":1}' },
  { event: 'progress', id: '3', data: '{"b":\n2}' },
];

it('reads the same events however the text is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (lengths) => {
      const read = eventReader();
      const seen = [];
      for (let at = 0, turn = 0; at < TEXT.length; turn++) {
        const length = lengths[turn % lengths.length] ?? 1;
        seen.push(...read(TEXT.slice(at, at + length)));
        at += length;
      }
      expect(seen).toEqual(EVENTS);
    }),
  );
});

it('what is not whole is not told', () => {
  expect(eventReader()('event: progress\ndata: {}\n')).toEqual([]);
});
