import type { Told } from '@lakehaul/ledger';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Condition, Facts } from './facts.ts';
import { type News, nextNotice } from './next-notice.ts';
import type { Episode } from './past-episodes.ts';

const QUIET: Facts = {
  ...{ migration: 'm1', verdict: 'HOLD', reasons: ['NOT_SEALED'], conditions: [], mismatches: [] },
  ...{ observedMs: 0, isGoverned: true, past: [] },
};

function stopped(table: string, since = 1): Condition {
  return {
    ...{ key: `table-stopped/${table}/${since}`, kind: 'table-stopped', severity: 'critical', subject: table },
    ...{ measure: 1, says: `${table} is stopped: SCHEMA_DRIFT`, next: 'look' },
  };
}
const waiting = (table: string, measure: number): Condition => ({
  ...{ key: `quarantine/${table}`, kind: 'quarantine', severity: 'warning', subject: table, measure },
  ...{ says: `${table}: ${measure} chunks wait for a person`, next: 'look' },
});
const differs = (...attempts: string[]) => ({ plan: 'a/g1', table: 'a', attempts });

/** Looks one after the other until nothing is news, as the service does. */
class Teller {
  told: Told | null = null;
  number = 0;

  look(facts: Partial<Facts>): News['notice'][] {
    const notices: News['notice'][] = [];
    for (;;) {
      const news = nextNotice(this.told, { ...QUIET, ...facts }, this.number + 1);
      if (news === null) return notices;
      this.number += 1;
      this.told = news.told;
      notices.push(news.notice);
      if (notices.length > 500) throw new Error('it never ends');
    }
  }
}

const gone = (table: string, fromMs: number, toMs: number): Episode => ({
  ...{ key: `table-stopped/${table}/${fromMs}`, kind: 'table-stopped', severity: 'critical', subject: table },
  ...{ fromMs, toMs, says: `${table} was stopped: SCHEMA_DRIFT` },
});
const pain = (key: string, fromMs: number, toMs: number): Episode => ({
  ...{ key: `throttle-stop/${key}`, kind: 'throttle-stop', severity: 'warning', subject: 'unload', fromMs, toMs },
  says: 'no UNLOAD was let in',
});

const brief = (notices: readonly News['notice'][]) =>
  notices.map(({ kind, action, severity, summary, incident }) => [kind, action, severity, summary, incident]);

describe('what is news', () => {
  it('a first look says that it has begun, and what is wrong already', () => {
    const teller = new Teller();
    expect(brief(teller.look({ conditions: [stopped('a')] }))).toEqual([
      ['begun', 'told', 'info', 'm1 is watched; the verdict is HOLD', 1],
      ['table-stopped', 'raised', 'critical', 'a is stopped: SCHEMA_DRIFT', 2],
    ]);
    expect(teller.look({ conditions: [stopped('a')] })).toEqual([]);
  });

  it('what began and was over while nobody looked is told once, with its times; what was over before anybody watched is not', () => {
    const teller = new Teller();
    const before = gone('a', 100_000, 900_000);
    teller.look({ observedMs: 1_000_000, past: [before] });
    const past = [before, gone('a', 1_100_000, 1_200_000), gone('b', 1_150_000, 1_300_000)];
    expect(brief(teller.look({ observedMs: 2_000_000, past }))).toEqual([
      [
        ...['table-stopped', 'told', 'critical'],
        'told afterwards: a was stopped: SCHEMA_DRIFT, from 1970-01-01T00:18:20.000Z to 1970-01-01T00:20:00.000Z',
        2,
      ],
      [
        ...['table-stopped', 'told', 'critical'],
        'told afterwards: b was stopped: SCHEMA_DRIFT, from 1970-01-01T00:19:10.000Z to 1970-01-01T00:21:40.000Z',
        3,
      ],
    ]);
    expect(teller.look({ observedMs: 2_005_000, past })).toEqual([]);
    // Another process, from what was noted.
    const other = Object.assign(new Teller(), { told: structuredClone(teller.told), number: teller.number });
    expect(other.look({ observedMs: 2_010_000, past })).toEqual([]);
  });

  it('what was told while it lasted is not told once more when it is over, nor what is forgotten by then', () => {
    const teller = new Teller();
    teller.look({ observedMs: 1_000_000 });
    teller.look({ observedMs: 1_100_000, conditions: [stopped('a', 1_090_000)] });
    const past = [gone('a', 1_090_000, 1_200_000)];
    expect(brief(teller.look({ observedMs: 1_201_000, past }))).toEqual([
      ['table-stopped', 'cleared', 'critical', 'over: what was stopped is resumed', 2],
    ]);
    expect(teller.look({ observedMs: 1_202_000, past })).toEqual([]);
    teller.look({ observedMs: 9_000_000, past, conditions: [stopped('b', 8_999_000)] });
    expect(teller.told?.past).toEqual({ sinceMs: 8_940_000, keys: [], throttleMs: 1_000_000 });
    expect(teller.look({ observedMs: 9_001_000, past, conditions: [stopped('b', 8_999_000)] })).toEqual([]);
  });

  it('stops of the throttle that were told while they lasted are known by their time', () => {
    const teller = new Teller();
    const stop: Condition = { ...stopped('unload'), key: 'throttle-stop/unload', kind: 'throttle-stop' };
    teller.look({ observedMs: 1_000_000 });
    teller.look({ observedMs: 1_100_000, conditions: [stop] });
    const first = pain('1', 1_090_000, 1_200_000);
    expect(teller.look({ observedMs: 1_199_000, conditions: [stop], past: [] })).toEqual([]);
    expect(brief(teller.look({ observedMs: 1_199_500, past: [first] })).map(([, action]) => action)).toEqual([
      'cleared',
    ]);
    expect(teller.look({ observedMs: 1_300_000, past: [first] })).toEqual([]);
    const missed = pain('2', 1_400_000, 1_500_000);
    expect(brief(teller.look({ observedMs: 1_600_000, past: [first, missed] })).map(([, action]) => action)).toEqual([
      'told',
    ]);
    expect(teller.look({ observedMs: 1_700_000, past: [first, missed] })).toEqual([]);
  });

  it('many that were missed are one notice, and records of before there was a past tell nothing old', () => {
    const teller = new Teller();
    teller.look({ observedMs: 1_000_000 });
    const past = Array.from({ length: 12 }, (_, index) => gone(`t${index}`, 1_100_000 + index, 1_200_000 + index));
    const [only, ...rest] = teller.look({ observedMs: 2_000_000, past });
    expect(rest).toEqual([]);
    expect(only?.summary).toMatch(/^told afterwards: 12 tables are stopped: t0, .* and 7 more; all is over, from /);
    const { past: _past, ...older } = teller.told ?? { verdict: 'HOLD' as const, conditions: [], mismatches: [] };
    const other = Object.assign(new Teller(), { told: older, number: teller.number });
    expect(other.look({ observedMs: 3_000_000, past })).toEqual([]);
  });

  it('what is over is told under the number that raised it, and what comes again is news again', () => {
    const teller = new Teller();
    teller.look({ conditions: [stopped('a')] });
    expect(brief(teller.look({}))).toEqual([
      ['table-stopped', 'cleared', 'critical', 'over: what was stopped is resumed', 2],
    ]);
    expect(teller.look({ conditions: [stopped('a', 2)] })[0]).toMatchObject({ action: 'raised', incident: 4 });
  });

  it('a stop that was lifted and came again between two looks is two things', () => {
    const teller = new Teller();
    teller.look({ conditions: [stopped('a', 1)] });
    expect(teller.look({ conditions: [stopped('a', 2)] }).map(({ action }) => action)).toEqual(['raised', 'cleared']);
  });

  it('a quarantine is told again when it has doubled, not with each chunk', () => {
    const teller = new Teller();
    const measures = [1, 2, 3, 4, 7, 8, 5, 9];
    const told = measures.map((measure) => teller.look({ conditions: [waiting('a', measure)] }).map((n) => n.summary));
    expect(told.map((notices) => notices.at(-1)?.replace(/\D/g, '') ?? '-')).toEqual([
      '1',
      '2',
      '-',
      '4',
      '-',
      '8',
      '-',
      '-',
    ]);
  });

  it('many at once are one notice and one incident, over when the last of them is', () => {
    const teller = new Teller();
    const tables = Array.from({ length: 30 }, (_, n) => stopped(`t${n}`));
    expect(brief(teller.look({ conditions: tables }).slice(1))).toEqual([
      ['table-stopped', 'raised', 'critical', '30 tables are stopped: t0, t1, t2, t3, t4 and 25 more', 2],
    ]);
    expect(teller.look({ conditions: tables.slice(5) })).toEqual([]);
    expect(teller.look({ conditions: [stopped('other'), ...tables.slice(29)] })).toHaveLength(1);
    expect(brief(teller.look({ conditions: [stopped('other')] }))).toEqual([
      ['table-stopped', 'cleared', 'critical', 'over: what was stopped is resumed', 2],
    ]);
  });

  it('GO is good news, its end a warning, NO_GO an incident', () => {
    const teller = new Teller();
    teller.look({});
    expect(brief(teller.look({ verdict: 'GO', reasons: [] }))).toEqual([
      ['verdict', 'told', 'info', 'the verdict is GO', 2],
    ]);
    expect(brief(teller.look({ verdict: 'HOLD', reasons: ['SOURCE_WRITTEN'] }))).toEqual([
      ['verdict', 'told', 'warning', 'the verdict is no longer GO: SOURCE_WRITTEN', 3],
    ]);
    const noGo = {
      ...stopped('x'),
      key: 'verdict',
      kind: 'verdict' as const,
      says: 'the verdict is NO_GO: SEAL_BROKEN',
    };
    expect(brief(teller.look({ verdict: 'NO_GO', conditions: [noGo] }))).toEqual([
      ['verdict', 'raised', 'critical', 'the verdict is NO_GO: SEAL_BROKEN', 4],
    ]);
    expect(brief(teller.look({ verdict: 'HOLD' }))).toEqual([
      ['verdict', 'cleared', 'critical', 'the verdict is no longer NO_GO but HOLD', 4],
    ]);
  });

  it('UNLOADs are told to be let in again only by somebody who decides', () => {
    const pain: Condition = {
      ...{ key: 'throttle-stop/unload', kind: 'throttle-stop', severity: 'warning', subject: 'unload', measure: 1 },
      ...{ says: 'no UNLOAD is let in', next: 'look' },
    };
    const ends = [true, false].map((isGoverned) => {
      const teller = new Teller();
      teller.look({ conditions: [pain] });
      return teller.look({ isGoverned })[0]?.summary;
    });
    expect(ends[0]).toBe('over: UNLOADs are let in again');
    expect(ends[1]).toContain('not known any more');
  });

  it('a mismatch is told once, though it was repaired before anybody looked, and whoever else looks', () => {
    const teller = new Teller();
    teller.look({});
    expect(teller.look({ mismatches: [differs('7.1')] })[0]).toMatchObject({
      ...{ kind: 'mismatch', severity: 'critical', summary: 'a: chunk 7 loaded and not equal to the source' },
    });
    // A process that was started later does not list what a segment covers; the one before still does.
    expect(teller.look({ conditions: [stopped('b')] })).toHaveLength(1);
    expect(teller.look({ conditions: [stopped('b')], mismatches: [differs('7.1')] })).toEqual([]);
    teller.look({});
    expect(teller.look({ mismatches: [differs('7.1', '7.2', '9.1')] })[0]?.summary).toContain('chunks 7, 9 loaded');
  });

  it('after a hundred mismatches of a plan no more are told, so that a record stays small', () => {
    const teller = new Teller();
    teller.look({});
    const attempts = Array.from({ length: 150 }, (_, n) => `${n}.1`);
    expect(teller.look({ mismatches: [differs(...attempts)] })).toHaveLength(1);
    expect(teller.told?.mismatches[0]?.attempts).toHaveLength(100);
  });

  it('whatever happens: every condition is raised before it is cleared, under one number, and a quiet end clears all', () => {
    const condition = fc
      .record({ table: fc.integer({ min: 0, max: 15 }), kind: fc.boolean(), measure: fc.integer({ min: 1, max: 40 }) })
      .map(({ table, kind, measure }) => (kind ? stopped(`t${table}`) : waiting(`t${table}`, measure)));
    const look = fc.uniqueArray(condition, { selector: ({ key }) => key, maxLength: 32 });
    fc.assert(
      fc.property(fc.array(look, { maxLength: 8 }), (looks) => {
        const teller = new Teller();
        const notices = [...looks, []].flatMap((conditions) => teller.look({ conditions }));
        const open = new Set<number>();
        for (const { action, incident } of notices) {
          if (action === 'raised') open.add(incident);
          if (action === 'changed') expect(open.has(incident)).toBe(true);
          if (action === 'cleared') expect(open.delete(incident)).toBe(true);
        }
        expect(open.size).toBe(0);
        expect(teller.told?.conditions ?? []).toEqual([]);
      }),
    );
  });
});
