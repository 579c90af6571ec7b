/**
 * Twenty and more ways to tamper with a ledger, each on a copy of its own, each found. The honest twin is honest.test.ts.
 * A tamperer here can write what he likes; he does not have the private key or the anchors, which are outside.
 */

import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Anchor,
  auditLedger,
  type CopiedObject,
  copySource,
  exportLedger,
  type FindingCode,
  findAnchors,
  groupOf,
  packFile,
  packFrame,
  publicKeysOf,
  readAnchors,
  readPackBytes,
  sealLedger,
} from '@lakehaul/audit';
import { LedgerKeys } from '@lakehaul/ledger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EVENTS, SILENT, USERS, writeHonestLedger } from '../support/honest-ledger.ts';
import { LedgerWorld, MIGRATION } from '../support/ledger-world.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { newNotary, newSigner } from '../support/notary.ts';

const root = mkdtempSync(join(tmpdir(), 'lakehaul-tamper-'));
const notary = newNotary(new LedgerWorld());
const keys = new LedgerKeys('ledger', MIGRATION);
const honest = join(root, 'honest');

beforeAll(async () => {
  await writeHonestLedger(notary);
  const { signal } = new AbortController();
  await exportLedger({ store: notary.world.store, prefix: 'ledger', migration: MIGRATION, directory: honest, signal });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** All objects of a copy, to be changed as one likes. */
class Copy {
  readonly directory: string;
  objects: CopiedObject[] = [];

  constructor(directory: string) {
    this.directory = directory;
    mkdirSync(directory);
    cpSync(join(honest, 'export.json'), join(directory, 'export.json'));
    this.objects = readdirSync(honest)
      .filter((name) => name.endsWith('.pack'))
      .flatMap((name) => readPackBytes(readFileSync(join(honest, name))).objects.map((object) => ({ ...object })));
    this.save();
  }

  save(): void {
    const groups = new Map<string, CopiedObject[]>();
    for (const name of readdirSync(this.directory)) if (name.endsWith('.pack')) unlinkSync(join(this.directory, name));
    for (const object of this.objects) {
      const group = groupOf(keys, object.key) ?? '';
      groups.set(group, [...(groups.get(group) ?? []), object]);
    }
    for (const [group, own] of groups)
      writeFileSync(packFile(this.directory, group), Buffer.concat(own.map(packFrame)));
  }

  find(part: string): CopiedObject {
    const found = this.objects.find((object) => object.key.includes(part));
    if (found === undefined) throw new Error(`no object ${part}`);
    return found;
  }

  text(part: string): string {
    return Buffer.from(this.find(part).body).toString();
  }

  /** Exactly one place of the body, else the test would test nothing. */
  edit(part: string, from: string, to: string): void {
    const text = this.text(part);
    if (text.split(from).length < 2) throw new Error(`${part} does not hold ${from}`);
    this.find(part).body = Buffer.from(text.replace(from, to));
  }

  remove(part: string): void {
    const before = this.objects.length;
    this.objects = this.objects.filter((object) => !object.key.includes(part));
    if (this.objects.length === before) throw new Error(`no object ${part}`);
  }

  add(key: string, body: string, lastModifiedMs: number): void {
    this.objects.push({ key, body: Buffer.from(body), lastModifiedMs });
  }
}

const chunk = (number: number, name: string, table = EVENTS, generation = 1) =>
  keys.chunkPrefix({ tableId: table, generation, chunk: number }) + name;
const later = () => notary.world.nowMs + 60_000;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

interface Tampering {
  name: string;
  /** Changes the copy; returns true when it has saved by itself. */
  tamper: (copy: Copy) => unknown;
  /** Each of these is found. */
  finds: FindingCode[];
  /** Found by what the ledger itself says, were there no seals at all. */
  isFoundWithoutSeals?: FindingCode;
}

/** The page of a plan written anew, and the head made to fit: only the seals know, and what the plan then says. */
function rewritePlan(copy: Copy, table: string, from: string, to: string): void {
  const page = copy.find(`plans/pages/${table}/g1/`);
  const head = copy.find(`plans/heads/${table}/g1`);
  const before = Buffer.from(page.body).toString();
  const after = before.replace(from, to);
  if (after === before) throw new Error(`the page does not hold ${from}`);
  page.body = Buffer.from(after);
  head.body = Buffer.from(Buffer.from(head.body).toString().replace(sha256(before), sha256(after)));
}

const TAMPERINGS: Tampering[] = [
  {
    name: 'one byte of a body changed',
    tamper: (copy) => copy.edit('0000000000/00001.opened', '"reason":"planned"', '"reason":"plannee"'),
    finds: ['OBJECT_CHANGED'],
  },
  {
    name: 'a count in a proof changed',
    tamper: (copy) => copy.edit(chunk(0, '00001.verified'), '"target":"100"', '"target":"101"'),
    finds: ['OBJECT_CHANGED', 'COUNTS'],
    isFoundWithoutSeals: 'COUNTS',
  },
  {
    name: 'all counts of a proof changed alike',
    tamper: (copy) => {
      const object = copy.find(chunk(0, '00001.verified'));
      object.body = Buffer.from(Buffer.from(object.body).toString().replaceAll('"100"', '"99"'));
    },
    finds: ['OBJECT_CHANGED', 'COUNTS'],
    isFoundWithoutSeals: 'COUNTS',
  },
  {
    name: 'a hash sum in a proof changed',
    tamper: (copy) => copy.edit(chunk(0, '00001.verified'), '"sum1":"10', '"sum1":"20'),
    finds: ['OBJECT_CHANGED', 'SUMS'],
    isFoundWithoutSeals: 'SUMS',
  },
  {
    name: 'a receipt removed',
    tamper: (copy) => copy.remove(chunk(0, '00001.loaded')),
    finds: ['OBJECT_REMOVED', 'PARENT_MISSING'],
    isFoundWithoutSeals: 'PARENT_MISSING',
  },
  {
    name: 'a mismatch that nobody shall see removed',
    tamper: (copy) => copy.remove(chunk(1, '00001.mismatched')),
    finds: ['OBJECT_REMOVED', 'PARENT_MISSING'],
    isFoundWithoutSeals: 'PARENT_MISSING',
  },
  {
    name: 'the whole folder of a chunk removed',
    tamper: (copy) => copy.remove(chunk(0, '', USERS)),
    finds: ['OBJECT_REMOVED', 'FOLD', 'TABLE_SEAL'],
    isFoundWithoutSeals: 'TABLE_SEAL',
  },
  {
    name: 'the last seal removed, with what it covers',
    tamper: (copy) => {
      copy.remove(keys.ledgerSeal(3));
      copy.remove('g2/');
    },
    finds: ['ANCHOR_BROKEN'],
  },
  {
    name: 'a seal in the middle removed',
    tamper: (copy) => copy.remove(keys.ledgerSeal(2)),
    finds: ['SEAL_CHAIN', 'ANCHOR_BROKEN'],
  },
  {
    name: 'all seals removed',
    tamper: (copy) => copy.remove('/ledger-seals/'),
    finds: ['NO_SEALS', 'ANCHOR_BROKEN'],
  },
  {
    name: 'a receipt forged for a chunk that is not planned',
    tamper: (copy) => {
      const text = copy.text(chunk(0, '00001.verified')).replace('"chunk":0', '"chunk":9');
      copy.add(chunk(9, '00001.verified.json'), text, later());
    },
    finds: ['NOT_PLANNED'],
    isFoundWithoutSeals: 'NOT_PLANNED',
  },
  {
    name: 'a proof forged for the quarantined chunk',
    tamper: (copy) => {
      const text = copy
        .text(chunk(0, '00001.verified'))
        .replace('"chunk":0', '"chunk":3')
        .replaceAll('0000000000/', '0000000003/');
      copy.add(chunk(3, '00001.verified.json'), text, later());
    },
    finds: ['JOURNEY'],
    isFoundWithoutSeals: 'JOURNEY',
  },
  {
    name: 'verified added to the attempt that was found to differ',
    tamper: (copy) => {
      const text = copy
        .text(chunk(1, '00002.verified'))
        .replace('"attempt":2', '"attempt":1')
        .replace('/00002.loaded', '/00001.loaded');
      copy.add(chunk(1, '00001.verified.json'), text, later());
    },
    finds: ['JOURNEY'],
    isFoundWithoutSeals: 'JOURNEY',
  },
  {
    name: 'a page of a plan changed',
    tamper: (copy) => copy.edit(`plans/pages/${EVENTS}/g1/`, '"rows":"10"', '"rows":"11"'),
    finds: ['OBJECT_CHANGED', 'PLAN'],
    isFoundWithoutSeals: 'PLAN',
  },
  {
    name: 'a page of a plan removed',
    tamper: (copy) => copy.remove(`plans/pages/${EVENTS}/g1/`),
    finds: ['OBJECT_REMOVED', 'PLAN'],
    isFoundWithoutSeals: 'PLAN',
  },
  {
    name: 'the head of a plan pointed to another page',
    tamper: (copy) => {
      const other = copy.find(`plans/pages/${USERS}/g1/`);
      const own = copy.find(`plans/pages/${EVENTS}/g1/`);
      copy.edit(`plans/heads/${EVENTS}/g1`, own.key, other.key);
    },
    finds: ['OBJECT_CHANGED', 'PLAN'],
    isFoundWithoutSeals: 'PLAN',
  },
  {
    name: 'a range shifted so that rows fall into a gap, page and head made to fit',
    tamper: (copy) => rewritePlan(copy, EVENTS, '"from":"20"', '"from":"21"'),
    finds: ['OBJECT_CHANGED', 'COVERAGE'],
    isFoundWithoutSeals: 'COVERAGE',
  },
  {
    name: 'the chunk of the NULL keys taken for another range, page and head made to fit',
    tamper: (copy) =>
      rewritePlan(copy, EVENTS, '{"kind":"null","column":"k"}', '{"kind":"range","column":"k","from":"40","to":"41"}'),
    finds: ['OBJECT_CHANGED', 'COVERAGE'],
    isFoundWithoutSeals: 'COVERAGE',
  },
  {
    name: 'two receipts swapped',
    tamper: (copy) => {
      const [a, b] = [copy.find(chunk(0, '00001.verified')), copy.find(chunk(4, '00001.verified'))];
      [a.body, b.body] = [b.body, a.body];
    },
    finds: ['OBJECT_CHANGED', 'SHAPE'],
    isFoundWithoutSeals: 'SHAPE',
  },
  {
    name: 'a key renamed',
    tamper: (copy) => {
      copy.find(chunk(1, '00002.reproved-2')).key = chunk(1, '00002.reproved-3.json');
    },
    finds: ['OBJECT_REMOVED'],
    isFoundWithoutSeals: 'JOURNEY',
  },
  {
    name: 'a receipt of another migration put in its place',
    tamper: (copy) => copy.edit(chunk(0, '00001.verified'), `"migration":"${MIGRATION}"`, '"migration":"m2"'),
    finds: ['OBJECT_CHANGED', 'SHAPE'],
    isFoundWithoutSeals: 'SHAPE',
  },
  {
    name: 'a receipt added and dated back before the last seals',
    tamper: (copy) => {
      const proof = copy.find(chunk(0, '00001.verified'));
      const text = Buffer.from(proof.body)
        .toString()
        .replace('"stage":"verified"', '"stage":"reproved"')
        .replace('"causedBy":"', `"causedBy":"`)
        .replace('/00001.loaded', '/00001.verified')
        .replace('"body":{', '"body":{"proof":1,');
      copy.add(chunk(0, '00001.reproved-1.json'), text, proof.lastModifiedMs);
    },
    finds: ['OBJECT_UNSEALED'],
  },
  {
    name: 'the time of a receipt moved',
    tamper: (copy) => {
      copy.find(chunk(0, '00001.verified')).lastModifiedMs += 1_000;
    },
    finds: ['OBJECT_CHANGED'],
  },
  {
    name: 'a table seal changed',
    tamper: (copy) => copy.edit(`records/tables/${USERS}/seals/`, '"rowCount":"30"', '"rowCount":"31"'),
    finds: ['OBJECT_CHANGED', 'TABLE_SEAL'],
    isFoundWithoutSeals: 'TABLE_SEAL',
  },
  {
    name: 'a setting changed',
    tamper: (copy) => copy.edit('records/settings/steering/0000000001', '"max":8', '"max":9'),
    finds: ['OBJECT_CHANGED', 'SETTING'],
    isFoundWithoutSeals: 'SETTING',
  },
  {
    name: 'an acknowledgement that was never given',
    tamper: (copy) => copy.edit(`plans/heads/${EVENTS}/g1`, '"adopted":false', '"adopted":true'),
    finds: ['OBJECT_CHANGED', 'ACKNOWLEDGEMENT'],
    isFoundWithoutSeals: 'ACKNOWLEDGEMENT',
  },
  {
    name: 'a checkpoint that calls done what is not',
    tamper: (copy) => {
      copy.remove(chunk(2, '00001.verified', USERS));
      copy.remove(chunk(2, '00001.cleaned', USERS));
    },
    finds: ['OBJECT_REMOVED', 'FOLD', 'TABLE_SEAL'],
    isFoundWithoutSeals: 'FOLD',
  },
  {
    name: 'everything rewritten and signed with another key',
    tamper: (copy) => rewriteAll(copy),
    finds: ['SEAL_SIGNATURE', 'ANCHOR_BROKEN'],
  },
  {
    name: 'a seal copied under the next number',
    tamper: (copy) => copy.add(keys.ledgerSeal(4), copy.text(keys.ledgerSeal(3)), later()),
    finds: ['SEAL_INVALID'],
  },
  {
    name: 'a seal changed without a new signature',
    tamper: (copy) => copy.edit(keys.ledgerSeal(3), '\\"cumulativeLeaves\\":', '\\"cumulativeLeaves\\":1'),
    finds: ['SEAL_SIGNATURE', 'SEAL_CHAIN', 'ANCHOR_BROKEN'],
  },
  {
    name: 'a list of leaves changed',
    tamper: (copy) => copy.edit('/ledger-seals/leaves/', 'records/', 'recordz/'),
    finds: ['SEAL_INVALID', 'OBJECT_UNSEALED'],
  },
  {
    name: 'an object of somebody else below the ledger',
    tamper: (copy) => copy.add(`${keys.root}/notes.txt`, 'hello', later()),
    finds: ['OBJECT_UNKNOWN'],
    isFoundWithoutSeals: 'OBJECT_UNKNOWN',
  },
  {
    name: 'a key that comes twice, the second with another body',
    tamper: (copy) =>
      copy.add(chunk(0, '00001.verified.json'), copy.text(chunk(0, '00001.verified')).replace('"7"', '"8"'), later()),
    finds: ['OBJECT_TWICE'],
  },
  {
    name: 'a file cut off',
    tamper: (copy) => {
      const file = packFile(copy.directory, 'plans');
      truncateSync(file, readFileSync(file).length - 20);
      return true;
    },
    finds: ['COPY_DAMAGED', 'OBJECT_REMOVED'],
    isFoundWithoutSeals: 'COPY_DAMAGED',
  },
  {
    name: 'a file gone',
    tamper: (copy) => {
      unlinkSync(packFile(copy.directory, 'records'));
      return true;
    },
    finds: ['OBJECT_REMOVED', 'PARENT_MISSING'],
    isFoundWithoutSeals: 'PARENT_MISSING',
  },
  {
    name: 'the size of an object lied about',
    tamper: (copy) => {
      const file = packFile(copy.directory, 'records');
      const text = readFileSync(file, 'latin1');
      writeFileSync(
        file,
        text.replace(/"sizeBytes":(\d+)/, (_, size) => `"sizeBytes":${Number(size) - 3}`),
        'latin1',
      );
      return true;
    },
    finds: ['COPY_DAMAGED', 'OBJECT_REMOVED'],
    isFoundWithoutSeals: 'COPY_DAMAGED',
  },
  {
    name: 'a count that is no number, at which an audit could stumble',
    tamper: (copy) => copy.edit('0000000000/00001.verified', '"target":"', '"target":"x'),
    finds: ['OBJECT_CHANGED', 'COUNTS', 'SHAPE'],
    isFoundWithoutSeals: 'SHAPE',
  },
  {
    name: 'a receipt in the pack of another shard, so that its chunk is judged by halves',
    tamper: (copy) => {
      const moved = copy.find('0000000000/00001.verified');
      copy.objects = copy.objects.filter((object) => object !== moved);
      copy.save();
      const other = groupOf(keys, moved.key) === 'chunks-00' ? 'chunks-01' : 'chunks-00';
      appendFileSync(packFile(copy.directory, other), packFrame(moved));
      return true;
    },
    finds: ['COPY_DAMAGED', 'OBJECT_REMOVED'],
    isFoundWithoutSeals: 'COPY_DAMAGED',
  },
];

/** Whoever has the bucket but not the key: one receipt changed, all seals made anew with a key of his own. */
async function rewriteAll(copy: Copy): Promise<void> {
  copy.remove('/ledger-seals/');
  copy.edit('0000000000/00001.opened', '"reason":"planned"', '"reason":"plannee"');
  let nowMs = 0;
  const store = new MemoryStore({ nowMs: () => nowMs });
  for (const object of copy.objects) {
    nowMs = object.lastModifiedMs;
    await store.put(object.key, object.body);
  }
  nowMs = later();
  const { ledger } = notary;
  const deps = {
    store,
    keys,
    migration: MIGRATION,
    actor: ledger.actor,
    log: SILENT,
    signer: newSigner(),
    trusted: () => Promise.resolve(new Map()),
    anchors: null,
  };
  await sealLedger({ ...deps, ids: { uuid: () => 'set-forged', random: () => 0 } });
  for await (const info of store.list(`${keys.root}/ledger-seals/`)) {
    const found = await store.get(info.key);
    if (found !== null) copy.objects.push({ key: info.key, body: found.body, lastModifiedMs: info.lastModifiedMs });
  }
}

async function audit(directory: string, anchors: readonly Anchor[] | null) {
  return await auditLedger(await copySource(directory), {
    publicKeys: publicKeysOf(notary.signer.publicKeyPem, 'test'),
    anchors,
  });
}

describe('tampering', () => {
  it(`is tried in ${TAMPERINGS.length} ways, each with a name of its own`, () => {
    expect(TAMPERINGS.length).toBeGreaterThanOrEqual(20);
    expect(new Set(TAMPERINGS.map((each) => each.name)).size).toBe(TAMPERINGS.length);
  });

  it('is not found in a copy that nobody touched', async () => {
    const copy = new Copy(join(root, 'untouched'));
    copy.save();
    expect((await audit(copy.directory, notary.anchors)).findings).toEqual([]);
  });

  it('is never ruled out without anchors: who has the bucket can cut off the last seals with all that they cover', async () => {
    const copy = new Copy(join(root, 'unanchored'));
    for (const anchors of [null, []]) {
      const result = await audit(copy.directory, anchors);
      expect(Object.keys(result.counts)).toEqual(['ANCHORS_NOT_GIVEN']);
      expect(result.isClean).toBe(false);
    }
    await expect(readAnchors(join(root, 'no-such-file.jsonl'), MIGRATION)).rejects.toMatchObject({
      code: 'SEAL_KEY_UNUSABLE',
    });
    expect(await findAnchors(join(root, 'no-such-file.jsonl'), MIGRATION)).toBeNull();
  });

  it.each(TAMPERINGS.map((each, index) => ({ ...each, index })))(
    'is found: $name',
    async ({ tamper, finds, index }) => {
      const copy = new Copy(join(root, `tampered-${index}`));
      if ((await tamper(copy)) !== true) copy.save();
      const result = await audit(copy.directory, notary.anchors);
      expect(Object.keys(result.counts)).toEqual(expect.arrayContaining(finds));
      expect(result.isClean).toBe(false);
      for (const finding of result.findings) {
        expect(finding.key).not.toBe('');
        expect(finding.what).not.toBe('');
        expect(finding.next).not.toBe('');
      }
    },
  );

  it.each(
    TAMPERINGS.filter((each) => each.isFoundWithoutSeals !== undefined).map((each, index) => ({ ...each, index })),
  )('is found by the receipts alone: $name', async ({ tamper, isFoundWithoutSeals, index }) => {
    const copy = new Copy(join(root, `unsealed-${index}`));
    if ((await tamper(copy)) !== true) copy.save();
    rmSync(packFile(copy.directory, 'ledger-seals'), { force: true });
    const result = await audit(copy.directory, null);
    expect(Object.keys(result.counts)).toContain(isFoundWithoutSeals);
  });
});
