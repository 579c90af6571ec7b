import { expect, it } from 'vitest';
import { ApiWorld, SALES } from '../../../test/support/api-world.ts';
import { BODIES, chunkRef } from '../../../test/support/ledger-world.ts';
import { EventHub } from './event-hub.ts';

class Stream {
  text = '';
  isEnded = false;
  isDestroyed = false;
  writableLength = 0;
  #onClose: () => void = () => undefined;
  write(text: string): boolean {
    this.text += text;
    return true;
  }
  end(): this {
    this.isEnded = true;
    return this;
  }
  destroy(): this {
    this.isDestroyed = true;
    return this;
  }
  on(_event: string, listener: () => void): this {
    this.#onClose = listener;
    return this;
  }
  close(): void {
    this.#onClose();
  }
  /** Since the last look: [event, id, data]. */
  events(): [string, number, Record<string, unknown>][] {
    const found = [...this.text.matchAll(/event: (\w+)\nid: (\d+)\ndata: (.*)\n\n/g)];
    this.text = '';
    return found.map(([, event = '', id, data = '']) => [event, Number(id), JSON.parse(data)]);
  }
}

async function started() {
  const api = new ApiWorld();
  await api.seed();
  const { ledger, model, deps, app } = await api.process();
  await app.close();
  await model.refreshOnce();
  const hub = new EventHub({ model, clock: deps.clock, maxConnections: 2 });
  const revoked = new Set<Stream>();
  const connect = (lastEventId: number | null = null, who = 'token:anna') => {
    const stream = new Stream();
    hub.connect(
      stream as unknown as Parameters<EventHub['connect']>[0],
      who,
      lastEventId,
      async () => !revoked.has(stream),
    );
    return stream;
  };
  const pause = (pattern: string) =>
    ledger.steering.change({ change: { action: 'pause', pattern }, who: 'anna', reason: 'why', requestId: pattern });
  return { api, ledger, model, clock: deps.clock, hub, connect, pause, revoked };
}

it('a listener is told at once where things stand, then what moves and what people set, and nothing twice', async () => {
  const { model, connect, ledger, pause } = await started();
  const stream = connect();
  expect(stream.text).toContain('retry: 2000\n\n');
  expect(stream.events()).toMatchObject([
    ['progress', 0, { chunks: 17, done: 0, stages: { planned: 14, quarantined: 3 }, verdict: 'HOLD' }],
  ]);
  await model.refreshOnce();
  stream.events();
  await model.refreshOnce();
  expect(stream.events()).toEqual([]);
  await ledger.openAttempt(chunkRef(SALES, 0), { attempt: 1, body: BODIES.opened, causedBy: null });
  await pause('*::load');
  await model.refreshOnce();
  expect(stream.events()).toMatchObject([
    ['steering', 1, { who: 'anna', reason: 'why', change: { action: 'pause', pattern: '*::load' } }],
    ['progress', 1, { stages: { opened: 1 } }],
  ]);
});

it('one that comes back to another process is told what was set meanwhile', async () => {
  const { api, connect, model, pause } = await started();
  const stream = connect();
  await pause('*::load');
  await pause('*::verify');
  const other = await api.process({}, 'b');
  await other.model.refreshOnce();
  const hub = new EventHub({ model: other.model, clock: other.deps.clock, maxConnections: 2 });
  const back = new Stream();
  const heard = stream.events().at(-1)?.[1] ?? null;
  hub.connect(back as unknown as Parameters<EventHub['connect']>[0], 'token:anna', heard, async () => true);
  expect(back.events().map(([event, id]) => [event, id])).toEqual([
    ['steering', 1],
    ['steering', 2],
    ['progress', 2],
  ]);
  await other.app.close();
  await model.refreshOnce();
});

it('silence is broken for proxies whether or not the ledger can be read, a slow reader is let go, and nobody stays for ever', async () => {
  const { api, connect, hub } = await started();
  const [stream, slow] = [connect(), connect()];
  expect(() => hub.refuseFull('token:ben')).toThrow(/2 listeners/);
  await hub.runOnce();
  stream.text = '';
  slow.writableLength = 2_000_000;
  api.world.tick(11);
  await hub.runOnce();
  expect(stream.text).toBe(': still here\n\n');
  expect([slow.isDestroyed, hub.size]).toEqual([true, 1]);
  api.world.tick(601);
  await hub.runOnce();
  expect([stream.isEnded, hub.size]).toEqual([true, 0]);
  connect().close();
  expect(hub.size).toBe(0);
});

it('whose token is revoked hears no more, though nothing else moves; the others do', async () => {
  const { connect, hub, revoked } = await started();
  const [anna, ben] = [connect(), connect()];
  await hub.runOnce();
  expect(hub.size).toBe(2);
  revoked.add(anna);
  await hub.runOnce();
  expect([anna.isEnded, ben.isEnded, hub.size]).toEqual([true, false, 1]);
});

it('one name takes a quarter of the connections, and the rest is for the others', async () => {
  const { model, clock } = await started();
  const hub = new EventHub({ model, clock, maxConnections: 8 });
  const listen = (who: string) => {
    hub.refuseFull(who);
    hub.connect(new Stream() as unknown as Parameters<EventHub['connect']>[0], who, null, async () => true);
  };
  listen('token:anna');
  listen('token:anna');
  expect(() => listen('token:anna')).toThrow(/2 listeners of token:anna/);
  for (const who of ['ben', 'ben', 'cleo', 'cleo', 'dora', 'dora']) listen(`token:${who}`);
  expect(() => listen('token:eve')).toThrow(/8 listeners/);
});
