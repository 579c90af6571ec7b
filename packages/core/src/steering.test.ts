import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  heldBy,
  limitRows,
  NOTHING_STEERED,
  patternTest,
  priorityOf,
  type Steering,
  type SteeringChange,
  steered,
} from './steering.ts';

const after = (...changes: SteeringChange[]): Steering => changes.reduce(steered, NOTHING_STEERED);

describe('steering', () => {
  it('a pause holds what it names and nothing else, until it is lifted by its own pattern', () => {
    const paused = after({ action: 'pause', pattern: 'sales.*::unload' });
    const rows = limitRows([], paused);
    expect(heldBy(rows, 'sales.orders', 'unload')).toEqual({ pattern: 'sales.*::unload', max: 0 });
    expect(heldBy(rows, 'sales.orders', 'load')).toBeNull();
    expect(heldBy(rows, 'salesXorders', 'unload')).toBeNull();
    expect(steered(paused, { action: 'resume', pattern: 'sales.*::unload' })).toEqual(NOTHING_STEERED);
    expect(() => steered(paused, { action: 'resume', pattern: 'sales.orders::unload' })).toThrow(
      /not paused: paused are sales/,
    );
  });

  it('resuming brings back the limit that was there', () => {
    const limited = after({ action: 'limit', pattern: '*::load', max: 3 }, { action: 'pause', pattern: '*::load' });
    expect(heldBy(limitRows([], limited), 'a.b', 'load')).not.toBeNull();
    const resumed = steered(limited, { action: 'resume', pattern: '*::load' });
    expect(limitRows([], resumed)).toEqual([{ pattern: '*::load', max: 3 }]);
  });

  it('a limit that is set replaces the configured one of the same pattern; null gives it back', () => {
    const configured = [{ pattern: '*::unload', max: 8 }];
    const limited = after({ action: 'limit', pattern: '*::unload', max: 2 });
    expect(limitRows(configured, limited)).toEqual([{ pattern: '*::unload', max: 2 }]);
    expect(limitRows(configured, steered(limited, { action: 'limit', pattern: '*::unload', max: null }))).toEqual(
      configured,
    );
  });

  it('the last priority that names a table counts', () => {
    const state = after(
      { action: 'priority', pattern: 'sales.*', priority: 5 },
      { action: 'priority', pattern: 'sales.orders', priority: 1 },
    );
    expect(priorityOf(state, 'sales.orders', 100)).toBe(1);
    expect(priorityOf(state, 'sales.items', 100)).toBe(5);
    expect(priorityOf(state, 'hr.people', 100)).toBe(100);
  });

  it.each([
    { action: 'pause', pattern: 'unload' },
    { action: 'pause', pattern: '*::upload' },
    { action: 'pause', pattern: '::unload' },
    { action: 'limit', pattern: '*::load', max: -1 },
    { action: 'limit', pattern: '*::load', max: 1.5 },
    { action: 'limit', pattern: '*::load', max: Number.NaN },
    { action: 'priority', pattern: 'a.b::load', priority: 1 },
    { action: 'priority', pattern: 'a.b', priority: 0 },
  ] as SteeringChange[])('refuses %j', (change) => {
    expect(() => steered(NOTHING_STEERED, change)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  it('what changes nothing is the same object, whatever came before', () => {
    const pattern = fc.constantFrom('*::unload', 'a.*::load', 'a.b::*');
    const change: fc.Arbitrary<SteeringChange> = fc.oneof(
      fc.record({ action: fc.constant('pause' as const), pattern }),
      fc.record({ action: fc.constant('limit' as const), pattern, max: fc.option(fc.nat(9)) }),
    );
    fc.assert(
      fc.property(fc.array(change), change, (changes, last) => {
        const once = steered(changes.reduce(steered, NOTHING_STEERED), last);
        expect(steered(once, last)).toEqual(once);
      }),
    );
  });
});

describe('a pattern', () => {
  it('matches as the regular expression would that it stands for', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', ':', '𝔞', '\n'), maxLength: 12 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', ':', '𝔞', '*', '$'), maxLength: 6 });
    const escaped = (part: string) => part.replace(/[.$]/g, '\\$&');
    fc.assert(
      fc.property(text, pattern, (given, like) => {
        const expected = new RegExp(`^${like.split('*').map(escaped).join('.*')}$`, 'su').test(given);
        expect(patternTest(like).test(given)).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it('of many stars stops nobody: every process of the fleet asks it on every pass', () => {
    const path = `${'very_long_schema_name'.repeat(6)}.${'very_long_table_name'.repeat(6)}`;
    for (const pattern of [`${'*'.repeat(200)}x`, '*e*a'.repeat(60)])
      expect(patternTest(pattern).test(path)).toBe(false);
  });
});
