import { randomBytes, randomUUID } from 'node:crypto';
import type { Ids } from '@lakehaul/core';

export const systemIds: Ids = {
  uuid: () => randomUUID(),
  // 48 bits are exact in a double; crypto, so that two processes started in the same millisecond never agree.
  random: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
};

/** The same sequence for the same seed (mulberry32), for tests and simulations. */
export function createSeededIds(seed: number): Ids {
  let state = seed >>> 0;
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const hex = (digits: number) => Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('');
  return { random, uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}` };
}
