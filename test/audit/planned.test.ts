/**
 * What no seal can tell, since it is honestly signed: chunks against their plan, the columns that were read, acceptances and
 * records. Each rule has an honest story that stays clean, and forgeries of it that are found.
 */
import { auditLedger, type FindingCode, storeSource } from '@lakehaul/audit';
import {
  type AttemptRef,
  chunkLevel,
  lineageOf,
  NOTHING_STEERED,
  type ReceiptBodies,
  type TablePlan,
} from '@lakehaul/core';
import { type Ledger, probesPath, STEERING, WRITE_LOG, type WriteLogSample } from '@lakehaul/ledger';
import { describe, expect, it } from 'vitest';
import { chunksOf, EVENTS, Historian, PLANS, PROBE, range } from '../support/honest-ledger.ts';
import { BODIES, LedgerWorld, MIGRATION } from '../support/ledger-world.ts';
import { newNotary } from '../support/notary.ts';

class Story {
  readonly world = new LedgerWorld();
  readonly ledger: Ledger = newNotary(this.world).ledger;
  readonly historian = new Historian(this.world, this.ledger);
  readonly plan: TablePlan;

  private constructor(plan: TablePlan) {
    this.plan = plan;
  }

  static async of(more: Partial<TablePlan> = {}, group: number | null = null): Promise<Story> {
    const story = new Story({ ...PLANS.history, watermark: null, chunkCount: 3, ...more });
    const parts =
      group === null
        ? [range(null, '1'), range('1', null), [{ kind: 'null', column: 'k' } as const]]
        : [0, 1, 2].map((bucket) => [{ kind: 'hash', modulus: 3, bucket } as const]);
    await story.ledger.writePlan(story.plan, chunksOf(story.plan, parts, group));
    return story;
  }

  ref(chunk: number, attempt = 1): AttemptRef {
    return { tableId: this.plan.tableId, generation: 1, chunk, attempt };
  }

  /** What somebody with rights to the bucket does: the text of one object is another one from then on. */
  async forge(part: string, from: string, to: string): Promise<void> {
    const key = [...this.world.store.keys].find((each) => each.includes(part));
    const found = key === undefined ? null : await this.world.store.get(key);
    const text = Buffer.from(found?.body ?? []).toString();
    if (key === undefined || !text.includes(from)) throw new Error(`${part} does not hold ${from}`);
    await this.world.store.delete([key]);
    await this.world.store.put(key, text.replace(from, to));
  }

  /** Not of the seals: there are none. */
  async findings(): Promise<{ code: FindingCode; what: string; key: string }[]> {
    const source = await storeSource(this.world.store, this.ledger.keys, MIGRATION);
    const { findings } = await auditLedger(source, { publicKeys: new Map(), anchors: null });
    return findings.filter((each) => each.code !== 'NO_SEALS');
  }

  async codes(): Promise<FindingCode[]> {
    return [...new Set((await this.findings()).map((each) => each.code))];
  }
}

describe('levels and hash forms are those of the plan', () => {
  it('sampled: every second chunk in full, and nothing else', async () => {
    const story = await Story.of({ level: 'sampled', sampleEvery: 2 });
    for (const chunk of [0, 1, 2]) {
      const level = chunkLevel(story.plan, { number: chunk, scanGroup: null });
      expect(level).toBe(chunk === 1 ? 'carried' : 'full');
      await story.historian.straight(story.ref(chunk), chunk === 1 ? 'carried' : 'full', 5n);
    }
    expect(await story.findings()).toEqual([]);
  });

  it('a chunk that was opened, and proven, at a lower level than planned is found', async () => {
    const story = await Story.of({ level: 'sampled', sampleEvery: 2 });
    await story.historian.straight(story.ref(2), 'carried', 5n);
    expect(await story.findings()).toMatchObject([
      { code: 'LEVEL', what: 'opened at level carried, planned is full', key: expect.stringContaining('.opened.') },
    ]);
  });

  it('a shared scan has the level of its leader', async () => {
    const plan = { level: 'sampled', sampleEvery: 2, keyColumns: [] } as const;
    const tell = async (level: 'carried' | 'full') => {
      const story = await Story.of(plan, 0);
      const leader = await story.historian.openFirst(story.ref(0), 'full');
      const submitted = await story.historian.submit(leader, 'unload');
      const opened = story.ledger.keys.receipt(leader, 'opened');
      await story.historian.open(story.ref(1), level, 'planned', opened, null);
      await story.historian.stage(story.ref(1), level, 5n, submitted);
      return await story.codes();
    };
    expect(await tell('full')).toEqual([]);
    expect(await tell('carried')).toEqual(['LEVEL']);
  });

  it('another form of hash is honest after a row that was too long, and only then', async () => {
    for (const [code, found] of [
      ['ROW_TOO_LONG', []],
      ['MANIFEST_INVALID', ['LEVEL']],
    ] as const) {
      const story = await Story.of();
      const first = await story.historian.openFirst(story.ref(0), 'full');
      const { receipt } = await story.ledger.write(
        first,
        'void',
        { ...BODIES.void, code },
        story.ledger.keys.receipt(first, 'opened'),
      );
      story.world.tick();
      const body: ReceiptBodies['opened'] = {
        cause: 'void',
        reason: code,
        observedAt: new Date(receipt.lastModifiedMs).toISOString(),
        hashForm: 'digest',
        level: 'full',
      };
      await story.ledger.openAttempt(story.ref(0, 2), { attempt: 2, body, causedBy: receipt.key });
      expect(await story.codes()).toEqual(found);
    }
  });
});

describe('a row too long that a probe met', () => {
  it.each([
    ['is why a chunk is hashed column by column from then on', { hasTooLongRow: true as const }, 0, []],
    ['says nothing of another chunk', { hasTooLongRow: true as const }, 1, ['LEVEL']],
    ['is not any difference that a probe met', {}, 0, ['LEVEL']],
  ])('%s', async (_name, more, chunk, found) => {
    const story = await Story.of();
    const { tableId } = story.plan;
    await story.historian.straight(story.ref(0), 'full', 5n);
    story.world.tick();
    const differing = [{ generation: 1, chunk, attempt: 1, provenRows: '5', sourceRows: '6', ...more }];
    const { record } = await story.ledger.appendRecord(probesPath(tableId), { ...PROBE, tableId, differing });
    const open = (attempt: number, cause: ReceiptBodies['opened']['cause'], causedBy: string, observedMs: number) =>
      story.ledger.openAttempt(story.ref(0, attempt), {
        attempt,
        body: {
          ...{ cause, reason: cause, hashForm: 'digest', level: 'full' },
          observedAt: new Date(observedMs).toISOString(),
        },
        causedBy,
      });
    await open(2, 'late-rows', record.key, record.lastModifiedMs);
    const codes = (await story.findings()).filter((each) => each.key.includes('.opened.')).map((each) => each.code);
    expect(codes).toEqual(found);
  });
});

describe('the column list that was read', () => {
  const schema = (columnListHash: string, replaces: boolean) => ({
    schemaVersion: 1 as const,
    digest: columnListHash,
    columnListHash,
    replaces,
    drifts: [],
    who: 'me',
    reason: 'ticket',
  });

  it('is the planned one: another is found in the receipt of the UNLOAD and in each proof', async () => {
    const story = await Story.of();
    await story.historian.straight(story.ref(0), 'full', 5n);
    expect(await story.findings()).toEqual([]);
    await story.forge('00001.unloaded', '"columnListHash":"abc"', '"columnListHash":"xyz"');
    expect((await story.findings()).map(({ code, key }) => [code, /\.([a-z]+)\.json$/.exec(key)?.[1]])).toEqual(
      expect.arrayContaining([
        ['COLUMNS', 'unloaded'],
        ['COLUMNS', 'verified'],
      ]),
    );
  });

  it('or one that was accepted before, not after', async () => {
    const story = await Story.of();
    story.world.tick();
    await story.ledger.schemas.append(EVENTS, schema('xyz', false), null);
    story.world.tick();
    await story.historian.straight(story.ref(0), 'full', 5n);
    await story.forge('00001.unloaded', '"columnListHash":"abc"', '"columnListHash":"xyz"');
    // Dated anew by the forgery: the receipts behind it keep their times.
    expect((await story.codes()).filter((code) => code !== 'TIME')).toEqual([]);

    const late = await Story.of();
    await late.historian.straight(late.ref(0), 'full', 5n);
    const key = [...late.world.store.keys].find((each) => each.includes('00001.unloaded')) ?? '';
    const text = Buffer.from((await late.world.store.get(key))?.body ?? []).toString();
    const then = late.world.nowMs;
    late.world.tick(60);
    await late.ledger.schemas.append(EVENTS, schema('xyz', false), null);
    late.world.nowMs = then;
    await late.world.store.delete([key]);
    await late.world.store.put(key, text.replace('"columnListHash":"abc"', '"columnListHash":"xyz"'));
    late.world.tick(120);
    expect(await late.codes()).toContain('COLUMNS');
  });

  it('a proof after the table was replaced cannot be of rows that were read before', async () => {
    const story = await Story.of();
    const attempt = await story.historian.openFirst(story.ref(0), 'full');
    await story.historian.unload(attempt, 'full', 5n);
    await story.historian.load(attempt, 5n);
    story.world.tick();
    await story.ledger.schemas.append(EVENTS, schema('abc', true), null);
    await story.historian.verify(attempt, 'full', 5n);
    expect(await story.findings()).toEqual([]);

    const replaced = await Story.of();
    const other = await replaced.historian.openFirst(replaced.ref(0), 'full');
    await replaced.historian.unload(other, 'full', 5n);
    replaced.world.tick();
    await replaced.ledger.schemas.append(EVENTS, schema('xyz', true), null);
    replaced.world.tick();
    await replaced.historian.load(other, 5n);
    await replaced.historian.verify(other, 'full', 5n);
    expect(await replaced.findings()).toMatchObject([{ code: 'COLUMNS', key: expect.stringContaining('.verified.') }]);
  });
});

describe('a chunk that a person accepted', () => {
  async function accepted(change: Partial<ReceiptBodies['accepted']> = {}, isQuarantined = true): Promise<Story> {
    const story = await Story.of();
    const attempt = await story.historian.openFirst(story.ref(0), 'full');
    await story.historian.unload(attempt, 'full', 5n);
    await story.historian.load(attempt, 5n);
    const { key } = await story.historian.mismatch(attempt, 'full', 5n);
    story.world.tick();
    let causedBy = key;
    if (isQuarantined) {
      const body = { ...BODIES.quarantined, step: 'verify', code: 'HASH_MISMATCH' } as const;
      causedBy = (await story.ledger.write(attempt, 'quarantined', body, key)).receipt.key;
    }
    story.world.tick();
    const body: ReceiptBodies['accepted'] = {
      ...BODIES.accepted,
      code: 'HASH_MISMATCH',
      held: [{ lineage: lineageOf(0, 1).toString(), rowCount: '5' }],
      ...change,
    };
    await story.ledger.write(attempt, 'accepted', body, causedBy);
    story.world.tick();
    // The seal counts what was accepted, and says that two chunks are not done.
    await story.historian.tableSeal(EVENTS, 3, 5n, false);
    return story;
  }

  it('is clean when it rests on its quarantine, and is never counted as proven', async () => {
    const story = await accepted();
    expect(await story.findings()).toEqual([]);
    const source = await storeSource(story.world.store, story.ledger.keys, MIGRATION);
    const { tables } = await auditLedger(source, { publicKeys: new Map(), anchors: null });
    expect(tables).toMatchObject([{ done: 0, stages: { accepted: 1, planned: 2 } }]);
  });

  it.each<[string, Partial<ReceiptBodies['accepted']>]>([
    ['another code', { code: 'ATTEMPTS_EXHAUSTED' }],
    ['differences that no proof found', { differences: ['nothing to speak of'] }],
    ['another digest of the rows', { rowsSha256: 'f'.repeat(64) }],
    ['nobody’s name', { who: ' ' }],
    ['no reason', { reason: '' }],
    ['rows of another chunk', { held: [{ lineage: lineageOf(1, 1).toString(), rowCount: '5' }] }],
    ['rows of an attempt that never was', { held: [{ lineage: lineageOf(0, 2).toString(), rowCount: '5' }] }],
  ])('is found forged: %s', async (_, change) => {
    expect(await (await accepted(change)).codes()).toEqual(['ACCEPTED']);
  });

  it('is found forged: a chunk that never waited for a person', async () => {
    expect(await (await accepted({}, false)).codes()).toEqual(expect.arrayContaining(['ACCEPTED', 'PARENT_WRONG']));
  });

  it('is found forged: more rows than the seal saw', async () => {
    const story = await accepted({ held: [{ lineage: lineageOf(0, 1).toString(), rowCount: '6' }] });
    expect(await story.codes()).toEqual(['TABLE_SEAL']);
  });

  it('is found forged: put over a proof', async () => {
    const story = await Story.of();
    const attempt = await story.historian.straight(story.ref(0), 'full', 5n);
    story.world.tick();
    await story.ledger.write(attempt, 'accepted', BODIES.accepted, story.ledger.keys.receipt(attempt, 'verified'));
    expect(await story.codes()).toContain('ACCEPTED');
  });
});

describe('records', () => {
  const time = '2026-01-01 00:00:00.000000';
  const sample: WriteLogSample = {
    schemaVersion: 1,
    from: time,
    to: time,
    readAt: time,
    gap: null,
    outcomesReadable: true,
    written: [],
    state: { since: { '100': time }, lastWrites: {}, pending: [] },
  };
  const by = { who: 'me', reason: 'ticket' };
  const honest: Record<string, unknown> = {
    [WRITE_LOG]: sample,
    [probesPath(EVENTS)]: PROBE,
    [`tables/${EVENTS}/clean-until`]: {
      schemaVersion: 1,
      cleanUntil: time,
      how: 'probe',
      generations: [1],
      chunks: 3,
      bytes: '1000',
      durationMs: 5,
    },
    [`stops/${EVENTS}`]: {
      schemaVersion: 1,
      action: 'stop',
      code: 'SCHEMA_DRIFT',
      reason: 'x',
      next: 'y',
      evidence: [],
      digest: 'd',
    },
    [`schemas/${EVENTS}`]: {
      ...{ schemaVersion: 1, digest: 'd', columnListHash: 'abc', replaces: false, drifts: [] },
      ...by,
    },
    [`acknowledged/${EVENTS}`]: { schemaVersion: 1, acknowledgements: ['rounding:v'] },
    [STEERING]: {
      ...{ schemaVersion: 1, change: { action: 'pause', pattern: 'public.t::*' }, ...by, requestId: 'r' },
      ...{ before: NOTHING_STEERED, after: { ...NOTHING_STEERED, pauses: ['public.t::*'] } },
    },
  };

  it('of every kind are clean as they are written', async () => {
    const story = await Story.of();
    for (const [path, body] of Object.entries(honest)) await story.ledger.appendRecord(path, body);
    await story.ledger.appendRecord(`stops/${EVENTS}`, { schemaVersion: 1, action: 'resume', digest: 'd', ...by });
    await story.ledger.writeRecord(`tables/${EVENTS}/prepared`, { schemaVersion: 1, ddl: [], adopted: false });
    await story.ledger.writeRecord('not-moved', { schemaVersion: 1, notMoved: [] });
    expect(await story.findings()).toEqual([]);
  });

  it.each(Object.keys(honest))('are found damaged, foreign or overfull: %s', async (path) => {
    const body = honest[path] as Record<string, unknown>;
    const [dropped = ''] = Object.keys(body).slice(-1);
    const { [dropped]: _, ...without } = body;
    for (const bad of [without, { ...body, surplus: 1 }, { ...body, [dropped]: { foreign: true } }, null]) {
      const story = await Story.of();
      await story.ledger.appendRecord(path, bad);
      expect(await story.codes()).toEqual(['SHAPE']);
    }
  });

  it('of another table in this one’s place are found', async () => {
    const story = await Story.of();
    await story.ledger.appendRecord(probesPath(EVENTS), { ...PROBE, tableId: 'other' });
    expect(await story.findings()).toMatchObject([{ code: 'SHAPE', what: 'is a record of other' }]);
  });

  it.each(['settings/unheard-of', 'notes', 'probes/late-rows'])('that nobody writes are found: %s', async (path) => {
    const story = await Story.of();
    await story.ledger.appendRecord(path, { schemaVersion: 1 });
    expect(await story.codes()).toEqual(['OBJECT_UNKNOWN']);
  });

  it('of settings follow from each other, and have the effect that they say', async () => {
    const set = async (story: Story, pattern: string) =>
      story.ledger.steering.change({ change: { action: 'pause', pattern }, ...by, requestId: pattern });
    const honest = await Story.of();
    for (const pattern of ['public.a::*', 'public.b::*']) await set(honest, pattern);
    expect(await honest.findings()).toEqual([]);
    await honest.forge('steering/0000000001', '"pauses":["public.a::*"]', '"pauses":["public.c::*"]');
    expect(await honest.findings()).toMatchObject([
      { code: 'SETTING', key: expect.stringContaining('0000000001') },
      { code: 'SETTING', key: expect.stringContaining('0000000002') },
    ]);
    const cut = await Story.of();
    for (const pattern of ['public.a::*', 'public.b::*']) await set(cut, pattern);
    await cut.world.store.delete([cut.ledger.keys.record(`${STEERING}/0000000001`).concat('.json')]);
    expect(await cut.codes()).toEqual(['SETTING']);
  });
});
