import { describe, expect, it } from 'vitest';
import { type DiffRows, redacted } from './read-diff.ts';

const REPORT: DiffRows = {
  missingRows: '0',
  extraRows: '0',
  changedRows: '2',
  isTruncated: false,
  rows: [
    { kind: 'changed', key: { id: '7' }, columns: [{ name: 'mail', source: 'a@b.example', target: null }] },
    { kind: 'changed', key: { id: '8' }, columns: [{ name: 'mail', source: 'a@b.example', target: '7' }] },
  ],
};

describe('a redacted diff', () => {
  it('holds no value and no key, and still tells which are equal and which are NULL', () => {
    const report = redacted(REPORT, Buffer.from('secret'));
    expect(JSON.stringify(report)).not.toMatch(/"7"|"8"|example/);
    const [first, second] = report.rows;
    expect(first?.columns[0]).toMatchObject({ name: 'mail', target: null });
    expect(first?.columns[0]?.source).toBe(second?.columns[0]?.source);
    expect(second?.columns[0]?.target).toBe(first?.key['id']);
    expect(first?.key['id']).not.toBe(second?.key['id']);
  });

  it('hashes under a key of its own each time: nobody can look a value up', () => {
    const hashOf = (secret: string) => redacted(REPORT, Buffer.from(secret)).rows[0]?.key['id'];
    expect(hashOf('one')).not.toBe(hashOf('two'));
  });
});
