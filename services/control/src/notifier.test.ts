/** Notices over a ledger in memory, to real http servers: each once, in order, and again under the same id after a crash. */
import type { Clock, Log, LogFields } from '@lakehaul/core';
import { CLAIM_MS, type Ledger, recordShape, type Severity } from '@lakehaul/ledger';
import { type Facts, Notifier, type NotifierDeps, type Receiver, type ReceiverShape } from '@lakehaul/operate';
import { createMetrics, createOutside, createSeededIds } from '@lakehaul/runtime';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LedgerWorld } from '../../../test/support/ledger-world.ts';
import { type ReceiverServer, startReceiver } from '../../../test/support/receiver-server.ts';
import { PAGERDUTY_EVENT, SLACK_MESSAGE } from '../../../test/support/vendor-shapes.ts';

const KEY = 'r0ut1ngkey'.padEnd(32, '0');
const PATH = '/services/T000/B000/s3cr3tpath';
const GIVE_UP_MS = 24 * 3_600_000;

let servers: Record<'a' | 'b' | 'c', ReceiverServer>;
beforeAll(async () => {
  servers = { a: await startReceiver(), b: await startReceiver(), c: await startReceiver() };
});
afterAll(async () => {
  for (const server of Object.values(servers)) await server[Symbol.asyncDispose]();
});
beforeEach(() => {
  for (const server of Object.values(servers)) {
    server.received.length = 0;
    server.answer = { status: 200 };
  }
});

function receiver(at: 'a' | 'b' | 'c', shape: ReceiverShape = 'generic', minSeverity: Severity = 'info'): Receiver {
  const url = { reveal: () => `${servers[at].url}${PATH}` };
  return { name: `to-${at}`, shape, minSeverity, url, routingKey: { reveal: () => KEY } };
}

const facts = (...stopped: string[]): Facts => ({
  ...{ migration: 'm1', verdict: 'HOLD', reasons: ['NOT_SEALED'], mismatches: [], isGoverned: true },
  // Of a look after everything that was noted before.
  observedMs: Number.MAX_SAFE_INTEGER,
  past: [],
  conditions: stopped.map((table) => ({
    ...{ key: `table-stopped/${table}`, kind: 'table-stopped', severity: 'critical', subject: table, measure: 1 },
    ...{ says: `${table} is stopped: SCHEMA_DRIFT`, next: 'look' },
  })),
});

class World {
  readonly ledgers = new LedgerWorld();
  readonly lines: string[] = [];
  readonly counted: string[] = [];

  process(receivers: readonly Receiver[], name: string, change: Partial<NotifierDeps> = {}): Notifier {
    const ledger: Ledger = this.ledgers.open(name);
    // A time-out is no matter of these tests: it ends when the call does.
    const never = (_ms: number, signal?: AbortSignal) =>
      new Promise<void>((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('over')));
      });
    const clock: Clock = { nowMs: () => this.ledgers.nowMs, sleep: never };
    const write = (message: string, fields: LogFields = {}) =>
      void this.lines.push(`${message} ${JSON.stringify(fields)}`);
    const log: Log = { debug: write, info: write, warn: write, error: write, with: () => log };
    const outside = createOutside({ clock, ids: createSeededIds(1), log, metrics: createMetrics() });
    return new Notifier({
      ...{ notices: ledger.notices, serverTimeMs: () => ledger.serverTimeMs(), migration: 'm1', claimant: name },
      ...{
        receivers,
        giveUpAfterMs: GIVE_UP_MS,
        clock,
        log,
        outside,
        count: (outcome) => void this.counted.push(outcome),
      },
      ...change,
    });
  }

  /** The next `ended` record of a receiver never reaches the ledger, as when the process dies before it. */
  dieBeforeRecord(name: string): void {
    this.ledgers.store.intercept = ({ operation, key, when }) => {
      if (operation === 'putIfAbsent' && when === 'before' && key.includes(`notices/ended/${name}/`))
        throw new Error('killed here');
    };
  }

  revive(): void {
    this.ledgers.store.intercept = undefined;
  }
}

const ids = (server: ReceiverServer) => server.received.map(({ body }) => body['id']);
const summaries = (server: ReceiverServer) => server.received.map(({ body }) => body['summary']);

describe('notices', () => {
  it('reach each receiver in its vendor’s form, by severity, each once', async () => {
    const world = new World();
    const receivers = [receiver('a'), receiver('b', 'slack', 'warning'), receiver('c', 'pagerduty', 'critical')];
    const notifier = world.process(receivers, 'p1');
    for (const look of [facts(), facts('t'), facts('t'), facts()]) await notifier.runOnce(look);
    expect(summaries(servers.a)).toEqual([
      'm1 is watched; the verdict is HOLD',
      't is stopped: SCHEMA_DRIFT',
      'over: what was stopped is resumed',
    ]);
    const ajv = new Ajv({ strict: true });
    for (const [server, shape] of [[servers.b, SLACK_MESSAGE] as const, [servers.c, PAGERDUTY_EVENT] as const]) {
      const isRight = ajv.compile(shape);
      expect(server.received).toHaveLength(2);
      for (const { body } of server.received) expect(isRight(body), JSON.stringify(isRight.errors)).toBe(true);
    }
    expect(servers.c.received.map(({ body }) => [body['event_action'], body['dedup_key']])).toEqual([
      ['trigger', 'lakehaul/m1/notice/2'],
      ['resolve', 'lakehaul/m1/notice/2'],
    ]);
    for (const { headers, path } of servers.a.received) {
      expect(path).toBe(PATH);
      expect(headers['content-type']).toBe('application/json');
    }
    expect(servers.a.received.map(({ headers }) => headers['idempotency-key'])).toEqual(ids(servers.a));
  });

  it('a crash between sending and recording: sent again under the same id by whoever comes, and not before the claim is old', async () => {
    const world = new World();
    await world.process([receiver('a')], 'p1').runOnce(facts());
    world.dieBeforeRecord('to-a');
    await expect(world.process([receiver('a')], 'p2').runOnce(facts('t'))).rejects.toThrow('killed here');
    world.revive();
    expect(ids(servers.a)).toEqual([1, 2].map((n) => `lakehaul/m1/notice/${n}`));

    const next = world.process([receiver('a')], 'p3');
    await next.runOnce(facts('t'));
    expect(servers.a.received).toHaveLength(2);
    world.ledgers.tick(CLAIM_MS / 1_000 + 1);
    await next.runOnce(facts('t'));
    await next.runOnce(facts('t'));
    expect(ids(servers.a)).toEqual([1, 2, 2].map((n) => `lakehaul/m1/notice/${n}`));
    expect(servers.a.received[2]?.body).toEqual(servers.a.received[1]?.body);
  });

  it('a crash before sending loses nothing', async () => {
    const world = new World();
    await world.process([receiver('a')], 'p1').runOnce(facts());
    world.ledgers.store.intercept = ({ operation, key, when }) => {
      if (operation === 'putIfAbsent' && when === 'after' && key.includes('notices/claims/'))
        throw new Error('killed here');
    };
    await expect(world.process([receiver('a')], 'p2').runOnce(facts('t'))).rejects.toThrow('killed here');
    world.revive();
    expect(servers.a.received).toHaveLength(1);
    world.ledgers.tick(CLAIM_MS / 1_000 + 1);
    await world.process([receiver('a')], 'p3').runOnce(facts('t'));
    expect(summaries(servers.a).at(-1)).toBe('t is stopped: SCHEMA_DRIFT');
  });

  it('two processes at once note and send each notice once', async () => {
    const world = new World();
    const [one, two] = ['p1', 'p2'].map((name) => world.process([receiver('a'), receiver('b')], name));
    for (const look of [facts(), facts('t'), facts('t', 'u'), facts('u'), facts()]) {
      await Promise.all([one?.runOnce(look), two?.runOnce(look)]);
      world.ledgers.tick(5);
    }
    await Promise.all([one?.runOnce(facts()), two?.runOnce(facts())]);
    const expected = [1, 2, 3, 4, 5].map((n) => `lakehaul/m1/notice/${n}`);
    expect([ids(servers.a), ids(servers.b)]).toEqual([expected, expected]);
  });

  it('one that looked before the other noted takes nothing back; its next look does', async () => {
    const world = new World();
    const [one, two] = ['p1', 'p2'].map((name) => world.process([receiver('a')], name));
    await one?.runOnce(facts());
    const seen = () => world.ledgers.nowMs;
    const earlier = { ...facts(), observedMs: seen() };
    world.ledgers.tick(1);
    await one?.runOnce({ ...facts('t'), observedMs: seen() });
    // The other one's looks take long, or fail from now on: what it knows stays what it was.
    for (let look = 0; look < 5; look++) {
      world.ledgers.tick(1);
      await two?.runOnce(earlier);
      await one?.runOnce({ ...facts('t'), observedMs: seen() });
    }
    expect(summaries(servers.a)).toEqual(['m1 is watched; the verdict is HOLD', 't is stopped: SCHEMA_DRIFT']);
    world.ledgers.tick(1);
    await two?.runOnce({ ...facts(), observedMs: seen() });
    expect(summaries(servers.a).at(-1)).toBe('over: what was stopped is resumed');
  });

  it('a receiver that asks for years is asked again after an hour, and given up aloud after a day', async () => {
    const world = new World();
    const notifier = world.process([receiver('a')], 'p1');
    servers.a.answer = { status: 429, headers: { 'retry-after': '999999999' } };
    await notifier.runOnce(facts());
    world.ledgers.tick(3_599);
    await notifier.runOnce(facts());
    expect(servers.a.received).toHaveLength(1);
    world.ledgers.tick(1);
    await notifier.runOnce(facts());
    expect(servers.a.received).toHaveLength(2);
    world.ledgers.tick(GIVE_UP_MS / 1_000);
    await notifier.runOnce(facts());
    expect(world.counted).toEqual(['failed', 'failed', 'given-up']);
  });

  it('a receiver that is away holds up nobody, is asked less and less often, and gets everything in order afterwards', async () => {
    const world = new World();
    const gone = { ...receiver('a'), url: { reveal: () => 'http://127.0.0.1:9/gone' } };
    let url = gone.url.reveal();
    const away = { ...gone, url: { reveal: () => url } };
    const notifier = world.process([away, receiver('b')], 'p1');
    for (let look = 0; look < 120; look++) {
      await notifier.runOnce(look < 60 ? facts() : facts('t'));
      world.ledgers.tick(5);
    }
    expect(servers.b.received).toHaveLength(2);
    // Ten minutes of looks every five seconds: 5, 10, 20, … s apart.
    expect(world.counted.filter((outcome) => outcome === 'failed').length).toBeLessThan(9);
    url = `${servers.a.url}${PATH}`;
    world.ledgers.tick(900);
    await notifier.runOnce(facts('t'));
    expect(ids(servers.a)).toEqual(ids(servers.b));
  });

  it('429 and 503 are tried again, not before the receiver asked for; 400 is not; 404 is, since a person mends it', async () => {
    const world = new World();
    const notifier = world.process([receiver('a')], 'p1');
    servers.a.answer = { status: 429, headers: { 'retry-after': '60' } };
    await notifier.runOnce(facts());
    world.ledgers.tick(59);
    await notifier.runOnce(facts());
    expect(servers.a.received).toHaveLength(1);
    servers.a.answer = { status: 404 };
    world.ledgers.tick(1);
    await notifier.runOnce(facts());
    servers.a.answer = { status: 503 };
    world.ledgers.tick(900);
    await notifier.runOnce(facts());
    servers.a.answer = { status: 400 };
    world.ledgers.tick(900);
    await notifier.runOnce(facts());
    servers.a.answer = { status: 200 };
    world.ledgers.tick(900);
    await notifier.runOnce(facts());
    expect(servers.a.received).toHaveLength(4);
    expect(world.counted).toEqual(['failed', 'failed', 'failed', 'refused']);
    expect(world.lines.join('\n')).toContain('NOTICE_REFUSED');
  });

  it('what nobody took for a day is given up, aloud, and what comes later is sent', async () => {
    const world = new World();
    const notifier = world.process([receiver('a')], 'p1');
    servers.a.answer = { status: 500 };
    await notifier.runOnce(facts());
    world.ledgers.tick(GIVE_UP_MS / 1_000 + 1);
    await notifier.runOnce(facts());
    expect(world.lines.join('\n')).toContain('notice given up');
    servers.a.answer = { status: 200 };
    servers.a.received.length = 0;
    await notifier.runOnce(facts('t'));
    expect(summaries(servers.a)).toEqual(['t is stopped: SCHEMA_DRIFT']);
  });

  it('a new receiver gets what comes from now on; one that was there before the first notice gets all, restarted or not', async () => {
    const world = new World();
    servers.a.answer = { status: 500 };
    await world.process([receiver('a')], 'p1').runOnce(facts('t'));
    servers.a.answer = { status: 200 };
    servers.a.received.length = 0;
    world.ledgers.tick(900);
    await world.process([receiver('a'), receiver('b')], 'p2').runOnce(facts('t', 'u'));
    expect(ids(servers.a)).toEqual([1, 2, 3].map((n) => `lakehaul/m1/notice/${n}`));
    expect(ids(servers.b)).toEqual(['lakehaul/m1/notice/3']);
  });

  it('a redirect is not followed: the message would be told to somebody else', async () => {
    const world = new World();
    servers.a.answer = { status: 302, headers: { location: `${servers.b.url}/elsewhere` } };
    await world.process([receiver('a')], 'p1').runOnce(facts());
    expect(servers.a.received).toHaveLength(1);
    expect(servers.b.received).toEqual([]);
    expect(world.counted).toEqual(['failed']);
  });

  it('a secret that is missing or no URL is told by the receiver’s name, and stops nothing', async () => {
    const world = new World();
    const broken = (reveal: () => string) => ({ ...receiver('a'), name: 'broken', url: { reveal } });
    for (const reveal of [() => 'ftp://x/s3cr3tpath', () => 's3cr3tpath'])
      await new World().process([broken(reveal)], 'p1').runOnce(facts());
    const notifier = world.process([broken(() => 'not a url s3cr3tpath'), receiver('b')], 'p1');
    await notifier.runOnce(facts());
    expect(servers.b.received).toHaveLength(1);
    expect(world.lines.join('\n')).toContain('the URL of receiver broken is no http(s) URL');
    expect(world.lines.join('\n')).not.toContain('s3cr3tpath');
  });

  it('no URL and no key is in the ledger, a log or an error, whatever goes wrong', async () => {
    const world = new World();
    const unreachable = { ...receiver('a'), url: { reveal: () => `http://127.0.0.1:9${PATH}` } };
    const notifier = world.process([unreachable, receiver('b', 'slack'), receiver('c', 'pagerduty')], 'p1');
    servers.b.answer = { status: 400 };
    servers.c.answer = { status: 403 };
    await notifier.runOnce(facts('t'));
    const { store } = world.ledgers;
    const bodies: string[] = [...store.keys, ...world.lines];
    for (const key of store.keys) bodies.push(Buffer.from((await store.get(key))?.body ?? []).toString());
    expect(servers.c.received[0]?.body['routing_key']).toBe(KEY);
    expect(bodies.filter((text) => text.includes('s3cr3tpath') || text.includes(KEY))).toEqual([]);
  });

  it('every record is of the shape that an audit holds it against', async () => {
    const world = new World();
    const notifier = world.process([receiver('a')], 'p1');
    for (const look of [facts(), facts('t'), facts()]) await notifier.runOnce(look);
    const { store } = world.ledgers;
    const records = store.keys.filter((key) => key.includes('/records/notices/'));
    expect(records.length).toBe(10);
    for (const key of records) {
      const record: unknown = JSON.parse(Buffer.from((await store.get(key))?.body ?? []).toString());
      const shape = recordShape(key.replace(/^.*\/records\//, '').replace(/\.json$/, ''));
      expect(shape?.safeParse((record as { body: unknown }).body).error, key).toBeUndefined();
    }
  });

  it('stopping cuts off what hangs, and the next process sends it', async () => {
    const world = new World();
    const hanging: typeof fetch = (_url, options) =>
      new Promise((_resolve, reject) => {
        options?.signal?.addEventListener('abort', () => reject(new Error('cut off')));
        queueMicrotask(() => notifier.stop());
      });
    const notifier = world.process([receiver('a')], 'p1', { fetch: hanging });
    await notifier.runOnce(facts());
    expect(world.counted).toEqual([]);
    world.ledgers.tick(CLAIM_MS / 1_000 + 1);
    await world.process([receiver('a')], 'p2').runOnce(facts());
    expect(servers.a.received).toHaveLength(1);
  });

  it('whatever crashes wherever: every notice arrives, in order but for repetitions, and once where nothing crashed', async () => {
    const step = fc.record({
      stopped: fc.subarray(['t', 'u', 'v']),
      who: fc.constantFrom('p1', 'p2'),
      crashAt: fc.option(fc.constantFrom('notices/log/', 'notices/claims/', 'notices/ended/'), { freq: 2 }),
      when: fc.constantFrom<'before' | 'after'>('before', 'after'),
      seconds: fc.constantFrom(1, 60, 130),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const world = new World();
        const got: string[] = [];
        const keep: typeof fetch = async (_url, options) => {
          got.push(String((JSON.parse(String(options?.body)) as { id: string }).id));
          return new Response('ok');
        };
        const processes = new Map<string, Notifier>();
        let crashes = 0;
        const look = async (who: string, stopped: readonly string[]) => {
          const process = processes.get(who) ?? world.process([receiver('a')], `${who}-${crashes}`, { fetch: keep });
          processes.set(who, process);
          await process.runOnce(facts(...stopped)).catch(() => {
            crashes += 1;
            processes.delete(who);
          });
        };
        for (const { stopped, who, crashAt, when, seconds } of steps) {
          world.ledgers.store.intercept = (call) => {
            if (
              crashAt !== null &&
              call.operation === 'putIfAbsent' &&
              call.when === when &&
              call.key.includes(crashAt)
            )
              throw new Error('killed here');
          };
          await look(who, stopped);
          world.ledgers.tick(seconds);
        }
        world.revive();
        const last = steps.at(-1)?.stopped ?? [];
        for (let settle = 0; settle < 3; settle++) {
          world.ledgers.tick(CLAIM_MS / 1_000 + 1);
          await look('p1', last);
        }
        const total = (await world.ledgers.open('judge').notices.latest())?.number ?? 0;
        const wanted = Array.from({ length: total }, (_, n) => `lakehaul/m1/notice/${n + 1}`);
        expect([...new Set(got)]).toEqual(wanted);
        if (crashes === 0) expect(got).toEqual(wanted);
      }),
      { numRuns: 60 },
    );
  });
});
