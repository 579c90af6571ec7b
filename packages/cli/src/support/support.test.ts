import { LakehaulError } from '@lakehaul/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gatherBundle, refuseSecrets, secretsOf } from './bundle.ts';
import { errorClasses, Redactor } from './redactor.ts';
import { tarOf } from './tar.ts';

describe('the redactor', () => {
  it('lets nothing of an unknown shape through but numbers and switches', () => {
    const redactor = new Redactor({ hashesNames: false });
    const marked = fc.string({ minLength: 1 }).map((text) => `«${text}»`);
    const tree = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        marked,
        fc.integer(),
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(
          fc.constantFrom('rows', 'code', 'kind', 'target', 'tables', 'table', 'at', 'unknown'),
          tie('node'),
        ),
      ),
    })).node;
    fc.assert(
      fc.property(tree, (value) => {
        expect(JSON.stringify(redactor.redact({ target: value }, 'receipt'))).not.toContain('«');
      }),
    );
  });

  it('keeps what is on its lists', () => {
    const redactor = new Redactor({ hashesNames: false });
    const body = {
      code: 'HASH_MISMATCH',
      rowCounts: { transaction: '40', target: '39' },
      differingColumns: [{ name: 'mail', rowCount: '1' }],
      message: 'value bob',
      statementIds: ['bob-22'],
      level: 'full',
      observedAt: '2026-01-02T03:04:05.000Z',
    };
    expect(redactor.redact(body, 'receipt')).toEqual({ ...body, message: '[left out]', statementIds: ['[left out]'] });
    const id = '01ef0123-4567-89ab-cdef-0123456789ab';
    expect(redactor.redact({ statementIds: [id] }, 'receipt')).toEqual({ statementIds: [id] });
  });

  it('names error classes and nothing else of a message', () => {
    expect(errorClasses('[DELTA_CONCURRENT_APPEND.WITH] row (4711, Bob) SQLSTATE: 2D521 BOB_THE_BUILDER')).toEqual([
      'DELTA_CONCURRENT_APPEND',
      'SQLSTATE: 2D521',
    ]);
  });
});

describe('a bundle', () => {
  const section = (file: string, value: unknown) => ({ file, says: file, gather: () => Promise.resolve(value) });
  const options = { isDryRun: false, atMs: 0, secrets: ['hunter2-hunter2'] };

  it('with a secret in it is refused as a whole', async () => {
    const leaky = [section('a.json', {}), section('b.json', { deep: ['hunter2-hunter2'] })];
    await expect(gatherBundle(leaky, options)).rejects.toThrow(/b\.json .* would hold a secret/);
    expect(() => refuseSecrets(new Map([['a', 'hunter']]), options.secrets)).not.toThrow();
    expect(secretsOf({ LAKEHAUL_TARGET_TOKEN: 'dapi-0123456', PATH: '/usr/bin', HOME: '/home/me' })).toEqual([
      'dapi-0123456',
    ]);
  });

  it('tells the code of what cannot be read, not its message', async () => {
    const failing = {
      ...section('a.json', null),
      gather: () => Promise.reject(new LakehaulError('BUCKET_MISSING', 'acme-secret-bucket')),
    };
    const bundle = await gatherBundle([failing], options);
    expect(bundle.listing[0]?.problem).toBe('BUCKET_MISSING');
    expect([...bundle.files.values()].join()).not.toContain('acme');
  });

  it('is tar: names, sizes and checksums in 512-byte blocks', () => {
    const tar = tarOf(
      new Map([
        ['a.json', '{}'],
        ['b.json', 'x'.repeat(513)],
      ]),
      1_000,
    );
    expect(tar.length).toBe(512 * (1 + 1 + 1 + 2 + 2));
    expect(tar.toString('latin1', 0, 6)).toBe('a.json');
    expect(tar.toString('latin1', 257, 262)).toBe('ustar');
    expect(Number.parseInt(tar.toString('latin1', 1024 + 124, 1024 + 135), 8)).toBe(513);
    const sum = [...tar.subarray(0, 512)].reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
    expect(Number.parseInt(tar.toString('latin1', 148, 154), 8)).toBe(sum);
  });
});
