import { describe, expect, it } from 'vitest';
import { checkManifest } from './manifest.ts';
import { parseTolerantJson } from './tolerant-json.ts';

const object = (key: string, sizeBytes: number) => ({ key, sizeBytes, etag: `e-${key}`, lastModifiedMs: 0 });

function check(text: string, listing = [object('p/0000_part_00.parquet', 100), object('p/manifest', 9)]) {
  return checkManifest({ bucket: 'b', dataPrefix: 'p/', manifestKey: 'p/manifest', text, listing });
}

/** As the documentation prints it: a sized type makes its own example no JSON. */
function manifest(change: { bytes?: string; rows?: string; total?: string; url?: string } = {}): string {
  const { bytes = '100', rows = '10', total = rows, url = 's3://b/p/0000_part_00.parquet' } = change;
  return `{ "entries": [ {"url":"${url}", "meta": { "content_length": ${bytes}, "record_count": ${rows} }} ],
    "schema": { "elements": [ { "name": "venuename", "type": { "base": "character varying", 25 } } ] },
    "meta": { "content_length": ${bytes}, "record_count": ${total} }, "author": { "name": "Amazon Redshift", "version": "1.0.0" } }`;
}

describe('manifest', () => {
  it('reads the documented form, broken schema and all', () => {
    expect(check(manifest())).toEqual({
      manifestKey: 'p/manifest',
      files: [{ key: 'p/0000_part_00.parquet', sizeBytes: 100, etag: 'e-p/0000_part_00.parquet', rowCount: '10' }],
      rowCount: '10',
      sizeBytes: '100',
    });
  });

  it('keeps counts beyond 2^53 exact', () => {
    expect(check(manifest({ rows: '9007199254740993' })).rowCount).toBe('9007199254740993');
  });

  it('understands percent-encoded keys, and plain ones that only look so', () => {
    const files = [object('p/a b%20.parquet', 100)];
    expect(check(manifest({ url: 's3://b/p/a%20b%2520.parquet' }), files).files[0]?.key).toBe('p/a b%20.parquet');
    expect(check(manifest({ url: 's3://b/p/a b%20.parquet' }), files).files[0]?.key).toBe('p/a b%20.parquet');
  });

  it.each([
    ['a file of another size', manifest({ bytes: '99' }), 'STAGE_MISMATCH', /has 100 bytes, the manifest says 99/],
    [
      'a total that does not add up',
      manifest({ total: '11' }),
      'MANIFEST_INVALID',
      /10 rows together, the total says 11/,
    ],
    ['a file elsewhere', manifest({ url: 's3://other/p/0000_part_00.parquet' }), 'MANIFEST_INVALID', /outside p\//],
    ['a file that is not there', manifest({ url: 's3://b/p/x.parquet' }), 'STAGE_MISMATCH', /not in the bucket/],
    ['a count that is no whole number', manifest({ rows: '1.5' }), 'MANIFEST_INVALID', /record_count of entry 0/],
    ['half a text', manifest().slice(0, 80), 'MANIFEST_INVALID', /no JSON at character/],
  ])('refuses %s', (_name, text, code, message) => {
    expect(() => check(text)).toThrow(message);
    expect(() => check(text)).toThrow(expect.objectContaining({ code }));
  });

  it('refuses an object that the manifest does not name', () => {
    const listing = [object('p/0000_part_00.parquet', 100), object('p/0001_part_00.parquet', 5)];
    expect(() => check(manifest(), listing)).toThrow(/0001_part_00.parquet is in the bucket but not in the manifest/);
  });
});

describe('tolerant JSON', () => {
  it('reads what JSON.parse reads, numbers as text', () => {
    const text = '{"a":[1,-2.5e3,true,false,null,"\\u00e9\\n"],"b":{},"c":[]}';
    expect(parseTolerantJson(text)).toEqual({
      a: [{ text: '1' }, { text: '-2.5e3' }, true, false, null, 'é\n'],
      b: {},
      c: [],
    });
    for (const broken of ['', '{"a":1', '[1,]', '{"a":1}x', '"open', 'nul'])
      expect(() => parseTolerantJson(broken), broken).toThrow(/no JSON/);
  });
});
