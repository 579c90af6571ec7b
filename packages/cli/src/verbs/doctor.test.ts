import { type ErrorCode, LakehaulError } from '@lakehaul/core';
import { expect, it } from 'vitest';
import { doctorExitCode } from './doctor.ts';

it.each<[string, number, (ErrorCode | null)[]]>([
  ['all is well', 0, [null, null]],
  ['a right is missing', 3, [null, 'PERMISSION_DENIED']],
  ['the bucket is missing and the history is blind', 3, ['BUCKET_MISSING', 'WRITE_LOG_BLIND']],
  ['the login is refused', 3, ['CREDENTIALS_REJECTED']],
  ['nobody answers', 1, ['UNREACHABLE', null]],
  [
    'one is refused and another does not answer: what that would say is not known',
    1,
    ['PERMISSION_DENIED', 'UNREACHABLE'],
  ],
  ['an answer that nobody understands', 1, ['INTERNAL']],
])('%s: exit code %i', (_, expected, codes) => {
  const results = codes.map((code) => ({ error: code === null ? null : new LakehaulError(code, 'x') }));
  expect(doctorExitCode(results)).toBe(expected);
});
