import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DifferenceReport } from '@lakehaul/adapters';
import { auditLedger, copySource, exportLedger } from '@lakehaul/audit';
import { type AttemptRef, must, type ObjectStore } from '@lakehaul/core';
import { readLedger, type Session } from '@lakehaul/fleet';
import { reopenChunks } from '@lakehaul/ledger';
import { acknowledgementsOf } from '@lakehaul/operate';
import { cleanStage, reproveChunk } from '@lakehaul/verifier';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { driver, haul, planAll } from '../support/drive.ts';
import { startWorld, type World } from '../support/world.ts';

/** SUPER as VARIANT: the staged text is proven by its hash, the target against that text as the warehouse parses it. */
let world: World;
let number = 0;
beforeAll(async () => {
  world = await startWorld();
  await world.redshift.run('CREATE SCHEMA "v"');
});
afterAll(() => world?.[Symbol.asyncDispose]());

/** As Redshift literals: a backslash is written twice. */
const DOCUMENTS = [
  '{"b":[1,null,"x",{"z":{"y":[[],{}]}}],"a":1.50}',
  'null',
  '""',
  '{}',
  '[]',
  '"é😀 \\\\u0000 \\\\n \\\\"quoted\\\\" \\\\u00e9"',
  '{"":0,"é":-0.0,"Z":1e10,"z":1E-7,"_":123456789012345678901234567890.12345678}',
  '[9223372036854775807,-9223372036854775808,9223372036854775808,12345678901234567890123456789012345678]',
  '[0.00000000000000000000000000000000000001,1.7976931348623157e299,4.9e-324,true,false]',
  `{${Array.from({ length: 300 }, (_, n) => `"key ${n}":[${n}]`).join(',')}}`,
  ' { "blanks" : [ 1 , 2 ] } ',
];
const literal = (json: string) => `JSON_PARSE('${json}')`;

interface Docs {
  name: string;
  table: string;
  session: Session;
}

async function docs(options: {
  documents?: readonly string[];
  more?: string;
  override?: Record<string, unknown>;
  target?: string;
}): Promise<Docs> {
  const name = `t${++number}`;
  await world.redshift.run(`CREATE TABLE "v"."${name}" (id integer, doc super, note varchar(65000)) SORTKEY (id)`);
  const rows = (options.documents ?? DOCUMENTS).map((json, id) => `(${id}, ${literal(json)}, 'note ${id}')`);
  await world.redshift.run(
    `INSERT INTO "v"."${name}" VALUES ${[...rows, options.more ?? "(99, NULL, '')"].join(', ')}`,
  );
  const table = `\`main\`.\`v\`.\`${name}\``;
  if (options.target !== undefined) {
    await world.databricks.run('CREATE SCHEMA IF NOT EXISTS main.v');
    await world.databricks.run(`CREATE TABLE ${table} ${options.target}`);
  }
  const override = {
    match: `v.${name}`,
    super: 'variant',
    acknowledge: ['loss:doc'],
    level: 'full',
    ...options.override,
  };
  const session = await world.session(
    world.config({ include: [`v.${name}`], overrides: [override] }, { migration: `v${number}` }),
  );
  return { name, table, session };
}

const EQUAL = { missing: 0n, extra: 0n };

async function attemptsOf(session: Session): Promise<AttemptRef[]> {
  const { plans, scan } = await readLedger(session.ledger);
  const found: AttemptRef[] = [];
  for (const plan of plans)
    scan.forEach(plan, (chunk, { attempt }) =>
      found.push({ tableId: plan.tableId, generation: plan.generation, chunk, attempt }),
    );
  return found;
}

const proofDeps = ({ ledger, clouds }: Session) => ({
  ledger,
  target: clouds.target,
  stage: clouds.stage,
  maxAttempts: 20,
  diffRows: 100,
});

async function prove({ session }: Docs): Promise<{ equal: boolean; rows: DifferenceReport | null }> {
  let equal = true;
  let rows: DifferenceReport | null = null;
  for (const attempt of await attemptsOf(session)) {
    if (await reproveChunk(proofDeps(session), attempt, session.log)) continue;
    equal = false;
    const { rowsKey = null, rowsSha256 } = (await session.ledger.read(attempt, 'mismatched'))?.body ?? {};
    const text = rowsKey === null ? null : await session.ledger.readDiff(rowsKey, rowsSha256 ?? '');
    if (text !== null) rows = JSON.parse(text) as DifferenceReport;
  }
  return { equal, rows };
}

/** What an offline audit says of a copy of the ledger, seals left aside; `without` takes objects out of the copy. */
async function auditOf({ clouds, config }: Session, without?: string): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'lakehaul-variant-'));
  try {
    const { ledgerStore: real } = clouds;
    const store: ObjectStore = {
      putIfAbsent: (key, body, options) => real.putIfAbsent(key, body, options),
      put: (key, body, options) => real.put(key, body, options),
      get: (key) => real.get(key),
      head: (key) => real.head(key),
      async *list(prefix, options) {
        for await (const info of real.list(prefix, options))
          if (without === undefined || !info.key.includes(without)) yield info;
      },
      delete: (keys) => real.delete(keys),
      serverTimeMs: () => real.serverTimeMs(),
    };
    const { signal } = new AbortController();
    const copy = join(directory, 'copy');
    await exportLedger({ store, prefix: config.ledger.prefix, migration: config.migration, directory: copy, signal });
    const { findings } = await auditLedger(await copySource(copy), { publicKeys: new Map(), anchors: [] });
    return [...new Set<string>(findings.map(({ code }) => code))].filter((code) => !/SEALS|ANCHOR/.test(code));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const texts = async ({ table }: Docs, where = 'true') =>
  (await world.databricks.run(`SELECT id, to_json(doc) FROM ${table} WHERE ${where} ORDER BY id`)).rows;

describe('SUPER as VARIANT', () => {
  it.each(['full', 'carried', 'sampled'])('is hauled and proven at level %s', async (level) => {
    const table = await docs({ override: { level } });
    const report = await haul(table.session);
    expect(report.decision.evidence).toBe('PASS');
    expect(report.tables[0]?.stages.verified).toBe(report.tables[0]?.chunks);
    const rows = await texts(table, 'id IN (0, 1, 6, 10, 99)');
    expect(rows.map((row) => row[1])).toEqual([
      '{"a":1.5,"b":[1,null,"x",{"z":{"y":[[],{}]}}]}',
      'null',
      '{"":0,"Z":1.0E10,"_":123456789012345678901234567890.12345678,"z":1.0E-7,"é":0}',
      '{"blanks":[1,2]}',
      null,
    ]);
    expect(await world.judge({ schema: 'v', table: table.name })).toEqual({
      sourceRows: 12n,
      targetRows: 12n,
      ...EQUAL,
    });
  });

  it('is proven with rows too long for one hash text', async () => {
    const long = `{"long":"${'ü'.repeat(25_000)}"}`;
    const table = await docs({
      documents: [...DOCUMENTS, long],
    });
    const note = 'n'.repeat(40_000);
    await world.redshift.run(`UPDATE "v"."${table.name}" SET note = '${note}' WHERE id = ${DOCUMENTS.length}`);
    await planAll(table.session);
    const [plan] = await table.session.ledger.readPlans();
    expect(plan?.hashForm).toBe('digest');
    expect((await driver(table.session).drive()).decision.evidence).toBe('PASS');
    expect(await world.judge({ schema: 'v', table: table.name })).toMatchObject({ targetRows: 13n, ...EQUAL });
  });

  it('goes into a table that is there already, and no live row is touched', async () => {
    const table = await docs({
      target: '(id INT, doc VARIANT, note STRING)',
      override: { acknowledge: ['loss:doc', 'adopt-target'] },
    });
    await world.databricks.run(`INSERT INTO ${table.table} SELECT 7, parse_json('{"live": 1}'), 'live'`);
    expect((await haul(table.session)).decision.evidence).toBe('PASS');
    expect(await texts(table, '_lakehaul IS NULL')).toEqual([['7', '{"live":1}']]);
    expect(await world.judge({ schema: 'v', table: table.name })).toEqual({
      sourceRows: 12n,
      targetRows: 12n,
      ...EQUAL,
    });
  });
});

describe('the plan', () => {
  it('refuses VARIANT until its loss is acknowledged', async () => {
    const { session } = await docs({ override: { acknowledge: [] } });
    await expect(planAll(session)).rejects.toMatchObject({
      code: 'LOSS_NOT_ACKNOWLEDGED',
      message: expect.stringMatching(/doc is parsed: VARIANT keeps the parsed value.*number forms/),
      next: expect.stringContaining('loss:doc'),
    });
  });

  it.each([
    [
      'a number that parse_json refuses or makes infinite',
      '{"a":[1e400]}',
      /impossible.*1 values hold a number of 10\^300/,
    ],
    [
      'a number of more than 38 digits',
      `[${'1234567890'.repeat(4)}]`,
      /lossy.*1 values hold a number of more than 38 digits/,
    ],
  ])('names %s', async (_what, document, reason) => {
    const { session, table } = await docs({
      documents: [document, '["1e400",{"x":":[1e400"}]', `{"a":",${'7'.repeat(50)}"}`],
      override: { acknowledge: [] },
    });
    await expect(planAll(session)).rejects.toMatchObject({
      code: 'LOSS_NOT_ACKNOWLEDGED',
      message: expect.stringMatching(reason),
    });
    await expect(world.databricks.run(`SELECT 1 FROM ${table}`)).rejects.toThrow(/NOT_FOUND/);
  });

  it('cannot see a key that is there twice: its load stops, says what to do, and leaves nothing', async () => {
    const { session, table } = await docs({ documents: ['{"a":1}', '{"a":{"k":1,"k":2}}'] });
    const report = await haul(session);
    expect(report.tables[0]).toMatchObject({ done: 0, quarantinedChunks: [0] });
    const [attempt] = await attemptsOf(session);
    const quarantined = await session.ledger.read(must(attempt, 'attempt'), 'quarantined');
    expect(quarantined?.body).toMatchObject({
      message: expect.stringContaining('VARIANT_DUPLICATE_KEY'),
      next: expect.stringContaining('super: string'),
    });
    expect((await world.databricks.run(`SELECT count(*) FROM ${table}`)).rows).toEqual([['0']]);
  });
});

describe('rows that come after the plan, with numbers that it did not see', () => {
  const DIGITS = '1234567890'.repeat(4);
  let table: Docs;
  beforeAll(async () => {
    table = await docs({ documents: DOCUMENTS.slice(0, 3), override: { level: 'carried' } });
    expect((await haul(table.session)).decision.evidence).toBe('PASS');
  });

  const late = (id: number, json: string) =>
    world.redshift.run(`INSERT INTO "v"."${table.name}" VALUES (${id}, ${literal(json)}, 'late')`);
  const proof = async (stage: 'verified' | 'mismatched' | 'quarantined') => {
    const [attempt] = await attemptsOf(table.session);
    return (await table.session.ledger.read(must(attempt, 'attempt'), stage))?.body ?? null;
  };

  it('digits in a text or a key are none, and raise no alarm', async () => {
    await late(20, `{"${DIGITS}":":[${DIGITS},1e400","quoted":"\\\\",${DIGITS}"}`);
    const report = await driver(table.session).drive();
    expect(report.decision.evidence).toBe('PASS');
    expect(await proof('verified')).toMatchObject({
      rowCounts: { target: '5' },
      carried: { inexact: [{ column: 'doc', rounded: '0', outOfRange: '0' }] },
    });
  });

  it('are equal on both sides of the proof, and yet never called verified', async () => {
    await late(21, `{"amount":[${DIGITS}]}`);
    const report = await driver(table.session).drive();
    expect(report.tables[0]).toMatchObject({ done: 0, quarantinedChunks: [0] });
    expect(report.decision.evidence).toBe('FAIL');
    expect(await proof('verified')).toBeNull();
    const carried = { inexact: [{ column: 'doc', rounded: '1', outOfRange: '0' }] };
    expect(await proof('mismatched')).toMatchObject({
      code: 'NUMBERS_ROUNDED',
      carried,
      differences: [expect.stringMatching(/^doc: 1 rows hold a number that VARIANT rounds/)],
    });
    expect(await proof('quarantined')).toMatchObject({
      code: 'NUMBERS_ROUNDED',
      next: expect.stringContaining('rounding:COLUMN'),
    });
  });

  it('are verified once somebody has said so, of this column', async () => {
    const { session } = table;
    const again = async (acknowledge: string[]) => {
      const override = { match: `v.${table.name}`, super: 'variant', acknowledge, level: 'carried' };
      const config = { include: [`v.${table.name}`], overrides: [override] };
      const other = await world.session(world.config(config, { migration: session.config.migration }));
      await planAll(other);
      const [attempt] = await attemptsOf(session);
      await reopenChunks(session.ledger, [must(attempt, 'attempt')], { reason: 'acknowledged', causedBy: null });
      return driver(other).drive();
    };
    expect((await again(['loss:doc', 'rounding:note'])).decision.evidence).toBe('FAIL');
    expect(await proof('mismatched')).toMatchObject({ code: 'NUMBERS_ROUNDED' });
    const told = async () => {
      const { plans, scan } = await readLedger(session.ledger);
      return acknowledgementsOf({ ledger: session.ledger, plans, scan });
    };
    expect((await told()).missing).toMatchObject([{ acknowledgement: 'rounding:doc', chunks: [expect.any(String)] }]);
    expect((await again(['loss:doc', 'rounding:doc'])).decision.evidence).toBe('PASS');
    expect(await proof('verified')).toMatchObject({ carried: { inexact: [{ rounded: '1' }] } });
    expect(await told()).toMatchObject({ missing: [], toReplay: [], later: [{}, { acknowledgement: 'rounding:doc' }] });
    expect((await prove(table)).equal).toBe(true);
    expect(await auditOf(table.session)).toEqual([]);
    // Without the record of that word, the very same proof is a claim that nobody may make.
    expect(await auditOf(table.session, '/acknowledged/')).toEqual(['ACKNOWLEDGEMENT']);
  });
});

describe('a VARIANT that changes in the target', () => {
  let table: Docs;
  beforeAll(async () => {
    table = await docs({ override: { level: 'carried' } });
    expect((await haul(table.session)).decision.evidence).toBe('PASS');
  });

  const change = async (id: number, json: string | null) =>
    world.databricks.run(
      `UPDATE ${table.table} SET doc = ${json === null ? 'NULL' : `parse_json('${json}')`} WHERE id = ${id}`,
    );

  async function expectRepaired(): Promise<void> {
    await driver(table.session).drive();
    expect((await prove(table)).equal).toBe(true);
    expect((await driver(table.session).drive()).decision.evidence).toBe('PASS');
    expect(await world.judge({ schema: 'v', table: table.name })).toEqual({
      sourceRows: 12n,
      targetRows: 12n,
      ...EQUAL,
    });
  }

  it('is named by key and column, and repaired', async () => {
    await change(0, '{"b":[1,null,"x",{"z":{"y":[[],{}]}}],"a":1.51}');
    const { equal, rows } = await prove(table);
    expect(equal).toBe(false);
    expect(rows).toMatchObject({ changedRows: '1', missingRows: '0', extraRows: '0' });
    const told = (a: string) => `{"a":${a},"b":[1,null,"x",{"z":{"y":[[],{}]}}]}`;
    expect(rows?.rows).toEqual([
      expect.objectContaining({
        kind: 'changed',
        key: expect.objectContaining({ id: '0' }),
        columns: [{ name: 'doc', source: told('1.5'), target: told('1.51') }],
      }),
    ]);
    await expectRepaired();
  });

  it.each<[string, [number, string | null][]]>([
    [
      'a JSON null that becomes NULL, one the other way round, an object that becomes its text',
      [
        [1, null],
        [3, '"{}"'],
        [99, 'null'],
      ],
    ],
    [
      'two rows that swap their values',
      [
        [3, '[]'],
        [4, '{}'],
      ],
    ],
  ])('%s: found, named, repaired', async (_what, changes) => {
    for (const [id, json] of changes) await change(id, json);
    const { equal, rows } = await prove(table);
    expect(equal).toBe(false);
    expect(rows?.rows.map((row) => row.key['id'])).toEqual(changes.map(([id]) => String(id)));
    await expectRepaired();
  });

  it('what to_json does not tell apart is the loss that was acknowledged', async () => {
    await change(0, '{"a":1.500,"b":[1.0,null,"x",{"z":{"y":[[],{}]}}]}');
    expect((await prove(table)).equal).toBe(true);
  });

  it('is found after the stage was cleaned as well, and hauled anew', async () => {
    for (const attempt of await attemptsOf(table.session))
      expect(
        await cleanStage(
          { ledger: table.session.ledger, stage: table.session.clouds.stage },
          attempt,
          table.session.log,
        ),
      ).toBe(true);
    expect((await prove(table)).equal).toBe(true);
    await change(2, '" "');
    expect(await prove(table)).toEqual({ equal: false, rows: null });
    await expectRepaired();
  });
});
