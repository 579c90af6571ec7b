import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SortedKeys } from './sorted-keys.ts';
import { ObjectFiles } from './store.ts';

const text = (body: Uint8Array | null) => (body === null ? null : Buffer.from(body).toString());
const bytes = (body: string) => Buffer.from(body);

let directory: string;
let store: ObjectFiles;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'objects-'));
  store = await ObjectFiles.open(directory);
  await store.createBucket('b');
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

describe('object files', () => {
  it('lets one of fifty racers create a key, and the others read what it wrote', async () => {
    const racers = Array.from({ length: 50 }, (_, i) => store.writeIfAbsent('b', 'k', bytes(`racer ${i}`)));
    const won = await Promise.all(racers);
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(text(await store.read('b', 'k'))).toBe(`racer ${won.indexOf(true)}`);
  });

  it('finds everything again after a kill, without the torn last line', async () => {
    await store.write('b', 'a.json', bytes('one'));
    await store.write('b', 'a.json', bytes('two'));
    await store.write('b', 'gone', bytes('x'));
    await store.remove('b', ['gone', 'never']);
    const scratch = store.scratchPath('.parquet');
    await writeFile(scratch, 'PAR1');
    const { etag } = await store.adopt('b', 'data/0000_part_00.parquet', scratch);
    const before = store.list('b', '');
    await store.close();
    await appendFile(join(directory, 's3', 'index.log'), '["p","b","half');
    store = await ObjectFiles.open(directory);
    expect(store.list('b', '')).toEqual(before);
    expect(before.map((o) => o.key)).toEqual(['a.json', 'data/0000_part_00.parquet']);
    expect(text(await store.read('b', 'a.json'))).toBe('two');
    expect(store.stat('b', 'data/0000_part_00.parquet')?.etag).toBe(etag);
    await store.write('b', 'after', bytes('goes on'));
    await store.close();
    store = await ObjectFiles.open(directory);
    expect(text(await store.read('b', 'after'))).toBe('goes on');
    expect(text(await readFile(store.pathOf('b', 'after') ?? ''))).toBe('goes on');
  });

  it('pages through keys and common prefixes without skipping or repeating one', async () => {
    const keys = ['a', 'd/1', 'd/2', 'd/3/x', 'e', 'f/1', 'f/2', 'g', 'z/1'];
    for (const key of keys) await store.write('b', key, bytes(key));
    for (const limit of [1, 2, 3, 100]) {
      const seen: string[] = [];
      let from: Parameters<ObjectFiles['page']>[1]['from'] = null;
      do {
        const page: ReturnType<ObjectFiles['page']> = store.page('b', { prefix: '', delimiter: '/', from, limit });
        expect(page.objects.length + page.commonPrefixes.length).toBeLessThanOrEqual(limit);
        seen.push(...page.objects.map((o) => o.key), ...page.commonPrefixes);
        from = page.next;
      } while (from !== null);
      expect(seen.sort()).toEqual(['a', 'd/', 'e', 'f/', 'g', 'z/']);
    }
  });

  it('refuses an unknown bucket and a condition that does not hold', async () => {
    await expect(store.write('nope', 'k', bytes('x'))).rejects.toThrow(/nope does not exist/);
    const put = (etag: string) =>
      store.put({ bucket: 'b', key: 'k', body: bytes('x'), condition: { kind: 'match', etag } });
    expect(await put('e')).toBe('no-such-key');
    await store.write('b', 'k', bytes('x'));
    expect(await put('e')).toBe('precondition-failed');
    expect(await put(store.stat('b', 'k')?.etag ?? '')).toBe('done');
  });
});

describe('sorted keys', () => {
  it('keeps the order of UTF-8 bytes under any adds and deletes', () => {
    const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(key), fc.array(key), key, (added, deleted, start) => {
        const sorted = SortedKeys.from(added.slice(0, added.length >> 1));
        for (const k of added) sorted.add(k);
        for (const k of deleted) sorted.delete(k);
        const left = [...new Set(added)].filter((k) => !deleted.includes(k));
        const inOrder = left.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        expect([...sorted.from('', 'at')]).toEqual(inOrder);
        expect([...sorted.from(start, 'after')]).toEqual(
          inOrder.filter((k) => Buffer.compare(Buffer.from(k), Buffer.from(start)) > 0),
        );
      }),
      { numRuns: 100 },
    );
  });

  it('holds a key once that it is built from twice', () => {
    const sorted = SortedKeys.from(['ke', 'ke', 'a']);
    expect([...sorted.from('', 'at')]).toEqual(['a', 'ke']);
    sorted.delete('ke');
    expect([...sorted.from('', 'at')]).toEqual(['a']);
  });

  it('splits blocks and finds its way among 20,000 keys', () => {
    const sorted = new SortedKeys();
    const keys = Array.from({ length: 20_000 }, (_, i) => String((i * 7_919) % 20_000).padStart(6, '0'));
    for (const k of keys) sorted.add(k);
    expect([...sorted.from('', 'at')]).toEqual([...keys].sort());
    expect(sorted.from('019998', 'after').next().value).toBe('019999');
    expect(sorted.from('0000', 'after-prefix').next().value).toBe('000100');
  });
});
