import { expect, it } from 'vitest';
import type { VerbCall } from './verb.ts';
import { byWhom } from './who.ts';

const by = (reason: string, who?: string) => byWhom({ flags: { reason, who } } as unknown as VerbCall);

it('takes who and why as the API does: words, and nothing that steers a terminal', () => {
  expect(by(' month end ', ' Ada Lovelace ')).toEqual({ who: 'Ada Lovelace', reason: 'month end' });
  expect(by('naïve – 月末 🙂').who).toMatch(/@/);
  for (const reason of ['', '  ', 'a\nb', 'a\u001b[2Jb', 'x'.repeat(1_001)])
    expect(() => by(reason), JSON.stringify(reason)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  for (const who of ['a\u0007', 'a\nb', 'a\u202eb', 'x'.repeat(201)])
    expect(() => by('why', who), JSON.stringify(who)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});

it('nobody calls themselves by a name that the control service gives', () => {
  for (const who of ['token:anna', 'oidc:anna@acme.example']) expect(() => by('why', who)).toThrow(/control service/);
});
