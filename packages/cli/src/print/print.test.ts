import { NOTHING_STEERED } from '@lakehaul/core';
import {
  budgetCheck,
  costOf,
  NO_COST,
  STATUS_JSON,
  type StatusReport,
  statusJson,
  type TableStatus,
} from '@lakehaul/operate';
import { describe, expect, it } from 'vitest';
import { ProgressLine } from './progress.ts';
import { cutText, plainText, safeText, visibleLength, wrapText } from './safe-text.ts';
import { statusText } from './status.ts';
import { table } from './table.ts';
import { createTerminal } from './terminal.ts';
import { topText } from './top.ts';
import { count, duration, percent, size } from './units.ts';

const HOSTILE = 'a\u001b[31mred\u001b]0;title\u0007\r\nline\u009b2J\u202eevil';

function terminal(options: { isTTY?: boolean; columns?: number; nowMs?: () => number } = {}) {
  const written = { out: '', err: '' };
  const stream = (name: 'out' | 'err') => ({
    ...options,
    write: (text: string) => {
      written[name] += text;
    },
  });
  return { written, terminal: createTerminal(stream('out'), stream('err'), {}, options.nowMs) };
}

describe('units', () => {
  it('are exact for 64-bit numbers and always named', () => {
    expect(count(-9223372036854775808n)).toBe('-9,223,372,036,854,775,808');
    expect([size(0), size(1023), size(1024), size('1099511627776')]).toEqual(['0 B', '1023 B', '1.00 KiB', '1.00 TiB']);
    expect([duration(900), duration(61_000), duration(3_660_000), duration(172_800_000)]).toEqual([
      '1 s',
      '1 min 01 s',
      '1 h 01 min',
      '2 d 0 h',
    ]);
  });

  it('never say 100 % early', () => {
    expect(percent(999_999_999n, 1_000_000_000n)).toBe('99.9 %');
    expect(percent(1n, 1n)).toBe('100 %');
    expect(percent(0n, 0n)).toBe('100 %');
  });
});

describe('hostile names', () => {
  it('stay one line and steer nothing', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: looked for on purpose
    const controls = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/;
    expect(plainText(HOSTILE)).not.toMatch(controls);
    expect(safeText(HOSTILE).replaceAll('\n', '').replaceAll('\u001b[31m', '')).not.toMatch(controls);
    const text = table([HOSTILE], [{ title: 'name', text: (row) => row, isFlexible: true }], 80);
    expect(text.split('\n')).toHaveLength(2);
    expect(text.replace('\n', '')).not.toMatch(controls);
  });

  it('reach a pipe as they are, so that JSON keeps its text', () => {
    const piped = terminal();
    piped.terminal.out('\u202e');
    expect(piped.written.out).toBe('\u202e\n');
    const shown = terminal({ isTTY: true });
    shown.terminal.out('\u202e');
    expect(shown.written.out).toBe('·\n');
  });
});

describe('a long line', () => {
  it('breaks between words on a terminal and hangs; a pipe gets it whole', () => {
    const line = `  next: ${'word '.repeat(30).trim()}`;
    const shown = terminal({ isTTY: true, columns: 40 });
    shown.terminal.out(line);
    shown.terminal.talk(line);
    const piped = terminal();
    piped.terminal.out(line);
    piped.terminal.talk(line);
    for (const text of [shown.written.out, shown.written.err]) {
      const lines = text.trimEnd().split('\n');
      expect(Math.max(...lines.map(visibleLength))).toBeLessThanOrEqual(40);
      expect(lines.length).toBeGreaterThan(3);
      expect(lines.slice(1).every((each) => /^ {4}\S/.test(each))).toBe(true);
      expect(text.split(/\s+/)).toEqual(`${line}\n`.split(/\s+/));
    }
    expect(piped.written).toEqual({ out: `${line}\n`, err: `${line}\n` });
  });

  it('keeps its colours, its gaps and words longer than the width', () => {
    expect(wrapText('\u001b[32mok\u001b[0m    a b', 9)).toBe('\u001b[32mok\u001b[0m    a b');
    expect(wrapText(`see ${'x'.repeat(12)} there`, 10)).toBe(`see\n  ${'x'.repeat(12)}\n  there`);
  });
});

describe('a table', () => {
  it('fits the width: the widest flexible column gives way, numbers stay whole', () => {
    const rows = [
      { name: 'x'.repeat(200), detail: 'y'.repeat(90), n: 1234567n },
      { name: 'short', detail: '', n: 5n },
    ];
    const text = table(
      rows,
      [
        { title: 'name', text: (row) => row.name, isFlexible: true },
        { title: 'detail', text: (row) => row.detail, isFlexible: true },
        { title: 'rows', align: 'right', text: (row) => count(row.n) },
      ],
      80,
    );
    for (const line of text.split('\n')) expect(visibleLength(line)).toBeLessThanOrEqual(80);
    expect(text.split('\n').map((line) => line.slice(-9).trim())).toEqual(['rows', '1,234,567', '5']);
    expect(cutText('\u001b[31mabcdef\u001b[0m', 4)).toBe('abc…');
  });

  it('goes on in the next line where a column is wrapped, and cuts nothing there', () => {
    const question = 'What if one word after the other makes the line too long?';
    const text = table(
      [{ name: 'drill', question }],
      [
        { title: 'name', text: (row) => row.name },
        { title: 'question', text: (row) => row.question, isFlexible: true, isWrapped: true },
      ],
      40,
    );
    for (const line of text.split('\n')) expect(visibleLength(line)).toBeLessThanOrEqual(40);
    expect(text.replace(/\s+/g, ' ')).toBe(`name question drill ${question}`);
  });
});

const NO_ETA: StatusReport['eta'] = {
  ...{ state: 'unknown', reason: 'too few', basis: null, nowMs: 0, p50Ms: null, p90Ms: null, bytesPerSecond: null },
  ...{ leftBytes: 1n, plannedMs: null, isLate: null },
};

function status(done: number, chunks: number, name = 's.t'): TableStatus {
  return {
    table: name,
    tableId: name,
    level: 'full',
    chunks,
    stages: {
      ...{ planned: chunks - done, opened: 0, unloaded: 0, loaded: 0, void: 0 },
      ...{ counted: 0, verified: done, mismatched: 0, quarantined: 0, accepted: 0 },
    },
    done,
    repaired: 0,
    estimatedRows: 1_000n,
    estimatedBytes: 1_000_000n,
    sealedRows: null,
    seal: null,
    isSealCurrent: false,
    quarantinedChunks: [],
    stop: null,
    generations: 1,
    openWatermark: null,
    writes: null,
    cleanUntil: null,
    reproof: null,
    eta: NO_ETA,
    unacknowledged: 0,
  };
}

function report(tables: TableStatus[]): StatusReport {
  const reasons = ['A', 'B', 'C', 'D', 'E'].map((code) => ({ code, reason: 'r'.repeat(200), next: 'n'.repeat(200) }));
  return {
    migration: 'm',
    tables,
    stagedBytes: 0n,
    calibration: null,
    chunks: tables.reduce((sum, each) => sum + each.chunks, 0),
    done: tables.reduce((sum, each) => sum + each.done, 0),
    steering: NOTHING_STEERED,
    writesKnownUntil: null,
    reproof: null,
    eta: NO_ETA,
    cost: NO_COST,
    throttle: null,
    signals: { tables: [], writeLog: null, performance: null, queries: null },
    decision: { verdict: 'HOLD', evidence: 'FAIL', reasons } as unknown as StatusReport['decision'],
  };
}

describe('status', () => {
  it('fits 80×24, whatever the number and length of tables and reasons', () => {
    const tables = Array.from({ length: 40 }, (_, index) =>
      status(index % 3, 3, `schema.${'long_'.repeat(20)}${index}`),
    );
    const lines = statusText(report(tables), { hasColour: true, columns: 80 }).split('\n');
    expect(lines.length).toBeLessThanOrEqual(23);
    for (const line of lines) expect(visibleLength(line)).toBeLessThanOrEqual(80);
    const said = { reason: 'r'.repeat(200), next: '', since: '', digest: '' };
    const stop = { ...said, code: 'SCHEMA_DRIFT' as const, driftAcceptance: null };
    const stopped = tables.map((each) => ({ ...each, stop, quarantinedChunks: [1] }));
    const all: StatusReport = {
      ...report(stopped),
      ...{ throttle: { slots: 0, winner: 'budget', reason: 'budget: spent' } },
      ...{ steering: { ...NOTHING_STEERED, pauses: ['*'] }, reproof: { fromMs: 1, toMs: 2, basis: 'probe' } },
      cost: { ...NO_COST, cost: { ...NO_COST.cost, currency: 'USD' } },
    };
    const most = statusText(all, { hasColour: true, columns: 80 }).split('\n');
    expect(most.length).toBeLessThanOrEqual(23);
    expect(most).toContain('throttle: 0 UNLOADs may run; budget: spent');
  });
});

describe('top', () => {
  const limits = [
    { pattern: '*::unload', max: 4 },
    { pattern: 'sales.*::unload', max: 0 },
  ];
  const HELD = { isGoverned: true, slots: 3, winner: 'queue-time', reason: 'queue-time: 12 s of 10 s' };
  const queues = [{ queue: 'unload' as const, active: 3, waiting: 40, delayed: 1, isPaused: false, limits }];
  const many = Array.from({ length: 40 }, (_, index) => status(index % 3, 3, `schema.${'long_'.repeat(20)}${index}`));
  const view = (tables: TableStatus[], lost: string | null = null) => ({
    ...{
      status: STATUS_JSON.parse(statusJson(report(tables))),
      queues,
      throttle: HELD,
      asOfMs: Date.parse('2026-11-26T00:00:00Z'),
      ageMs: 42_000,
      lost,
    },
  });

  it('fits 80×24, whatever the number and length of tables', () => {
    const lines = topText(view(many), { hasColour: true, columns: 80 }).split('\n');
    expect(lines.length).toBeLessThanOrEqual(23);
    for (const line of lines) expect(visibleLength(line)).toBeLessThanOrEqual(80);
    expect(lines.at(-1)).toMatch(/^and \d+ more tables$/);
  });

  it('tells what holds a queue, and how old it is when nobody answers', () => {
    const text = topText(view([status(1, 3)], 'ECONNREFUSED'), { hasColour: false, columns: 120 });
    expect(text).toContain('3 running     40 waiting  paused: sales.*::unload; *::unload at most 4; 1 later');
    expect(text).toContain('last heard 42 s ago: ECONNREFUSED');
    expect(text).toContain('throttle: 3 UNLOADs may run; queue-time: 12 s of 10 s');
    expect(topText({ ...view([]), queues: null }, { hasColour: false, columns: 80 })).toContain('does not answer');
  });

  it('says in red when the service answers and has not read the ledger for a minute', () => {
    const old = { ...view([status(1, 3)]), ageMs: 61_000 };
    expect(topText(old, { hasColour: true, columns: 80 })).toContain(
      '\u001b[31m  OLD: the service last read the ledger 1 min',
    );
    expect(topText(view([status(1, 3)]), { hasColour: true, columns: 80 })).not.toContain('OLD: ');
  });

  it('shows what waits for a person first, what is done last', () => {
    const waits = status(0, 3, 'b.waits');
    const tables = [status(3, 3, 'a.done'), status(0, 3, 'c.new'), status(1, 3, 'd.moves'), waits];
    waits.stages = { ...waits.stages, planned: 2, quarantined: 1 };
    const names = topText(view(tables), { hasColour: false, columns: 80 }).match(/^[abcd]\.\w+/gm);
    expect(names).toEqual(['b.waits', 'd.moves', 'c.new', 'a.done']);
  });
});

describe('progress', () => {
  const percentOf = (line: string) => Number(/ ([\d.]+) %/.exec(line)?.[1]);

  it('never jumps back and never says 100 % while a chunk is open', () => {
    const progress = new ProgressLine(terminal().terminal);
    const seen = [0, 3, 9, 10, 9, 7, 10].map((done) => percentOf(progress.line(report([status(done, 10)]))));
    expect(seen).toEqual([0, 30, 90, 100, 99.9, 99.9, 100]);
  });

  it('before there are proofs the ETA is by the first UNLOADs, and says so; the line of status too', () => {
    const eta: StatusReport['eta'] = {
      ...{ state: 'forecast', reason: null, basis: 'calibration', nowMs: 0, p50Ms: 3_900_000, p90Ms: null },
      ...{ bytesPerSecond: null, leftBytes: 1n, plannedMs: 1_000, isLate: true },
    };
    const rates = { bytesPerSecond: '209715200', stagedBytesPerSecond: '1', fastestBytesPerSecond: '1' };
    const calibration: StatusReport['calibration'] = {
      ...{ schemaVersion: 1, chunks: 4, atOnce: 3, ...rates, slowestBytesPerSecond: '1', samples: [] },
      conditions: { kind: 'provisioned', slices: 16, nodes: 4, startSlots: 8 },
    };
    const text = statusText({ ...report([status(1, 10)]), eta, calibration }, terminal().terminal);
    expect(text).toContain('ETA 1 h 05 min by the first UNLOADs alone (P50), beyond 1970-01-01');
    expect(text.replace(/\s+/g, ' ')).toContain('UNLOAD: 200.0 MiB/s, 12.5 MiB/s for each of 16 slices');
    const proven = statusText(
      { ...report([status(1, 10)]), calibration, eta: { ...eta, basis: 'proofs' } },
      terminal().terminal,
    );
    expect(proven).not.toContain('UNLOAD:');
  });

  it('has the ETA and the rate of the report, or says why there is none; status has the same words in 80 columns', () => {
    const eta: StatusReport['eta'] = {
      ...{
        state: 'forecast',
        reason: null,
        basis: 'proofs',
        nowMs: 0,
        p50Ms: 3_900_000,
        p90Ms: 47_000_000,
        bytesPerSecond: 2.5e9,
      },
      ...{ leftBytes: 1n, plannedMs: 40_000_000, isLate: true },
    };
    const words = 'ETA 1 h 05 min to 13 h 03 min (P50, P90), beyond 1970-01-01';
    const moving = { ...report([status(1, 10)]), eta };
    expect(new ProgressLine(terminal().terminal).line(moving)).toContain(` · 2.33 GiB/s · ${words}`);
    expect(statusText(moving, { hasColour: false, columns: 80 }).split('\n')).toContain(`${words}, 2.33 GiB/s`);
    const still = report([status(1, 10)]);
    expect(new ProgressLine(terminal().terminal).line(still)).toContain(' · no ETA: too few');
    expect(statusText(still, { hasColour: false, columns: 80 }).split('\n')).toContain('no ETA: too few');
  });

  it('tells how many UNLOADs may run, and by which check not more: first what it is, last in its own words', () => {
    const line = (throttle: StatusReport['throttle'], done = 1) =>
      new ProgressLine(terminal().terminal).line({ ...report([status(done, 10)]), throttle });
    const held = { slots: 1, winner: 'queue-time', reason: 'queue-time: one statement in twenty waits 20 s' };
    expect(line(held)).toBe(`proven 1 of 10 chunks · 10 % · 1 slot by queue-time · no ETA: too few · ${held.reason}`);
    expect(line({ slots: 8, winner: null, reason: 'calm' })).toContain(' · 8 slots · no ETA');
    expect([line(null), line(held, 10)].filter((each) => each.includes('slot'))).toEqual([]);
    const told = (throttle: StatusReport['throttle']) =>
      statusText({ ...report([status(1, 10)]), throttle }, { hasColour: false, columns: 100 }).split('\n');
    expect(told(held)).toContain(`throttle: 1 UNLOAD may run; ${held.reason}`);
    expect(told({ slots: 8, winner: null, reason: 'calm' }).filter((each) => each.includes('throttle'))).toEqual([]);
  });

  it('what it costs is a line of status where there are prices', () => {
    const usage = {
      ...{ sourceMs: 3_600_000n, targetMs: 0n, putRequests: 0n, getRequests: 0n, storedByteSeconds: 0n },
      ...{ provenBytes: 1n, plannedBytes: 4n, readChunks: 1, provenChunks: 1, graceByteSeconds: 0n },
    };
    const free = { s3: { putThousand: 0n, getThousand: 0n, gibMonth: 0n }, databricks: { dbu: 0n, dbusPerHour: 0n } };
    const redshift = { unitHour: 360_001n, units: 8, sharePercent: 100 };
    const cost = costOf(usage, { currency: 'USD', redshift, ...free });
    const budget = budgetCheck(cost, { capMicros: 3_150_000n, warnPercent: 80 });
    const priced = { ...report([status(1, 10)]), cost: { cost, budget, capMicros: 3_150_000n } };
    const lines = statusText(priced, { hasColour: false, columns: 80 }).split('\n');
    expect(lines).toContain('cost 2.89 USD so far, 11.53 USD at completion; budget: 91 % spent');
    expect(statusText(report([status(1, 10)]), { hasColour: false, columns: 80 })).not.toContain('cost');
  });

  it('never wraps: a line is cut to the terminal', () => {
    const narrow = terminal({ isTTY: true, columns: 40 });
    narrow.terminal.status('x'.repeat(100));
    expect(narrow.written.err.trimEnd()).toHaveLength(40);
    narrow.terminal.status('next');
    expect(narrow.written.err).toContain('\u001b[1F');
  });

  it('off a terminal is a line every five seconds, and what is told in between is told', () => {
    let nowMs = 0;
    const log = terminal({ nowMs: () => nowMs });
    for (; nowMs < 12_000; nowMs += 100) log.terminal.status(`at ${nowMs}`);
    log.terminal.talk('told');
    expect(log.written.err).toBe('at 0\nat 5000\nat 10000\ntold\n');
  });
});
