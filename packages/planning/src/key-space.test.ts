import { expect, it } from 'vitest';
import { ordinalOf } from './key-space.ts';

it.each([{ kind: 'date' }, { kind: 'timestamp' }, { kind: 'decimal', precision: 5, scale: 2 }] as const)(
  'says of a key value of $kind that it cannot read no more than that',
  (type) => {
    expect(() => ordinalOf(type, 'SECRET')).toThrow(/no \w+ literal/);
    expect(() => ordinalOf(type, 'SECRET')).not.toThrow(/SECRET/);
  },
);
