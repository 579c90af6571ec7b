/** What each platform says to the same misfortune. A plan names the misfortune; the point tells whose words they are. */
import type { Fault } from './contracts.ts';

type Misfortune = Extract<Fault['happens']['kind'], 'disk-full' | 'token-expired' | 'throttled'>;

interface Answer {
  /** Points that begin with this; the first that fits counts. */
  prefix: string;
  code: string;
  status?: number;
  message: string;
}

const ANSWERS: Readonly<Record<Misfortune, readonly Answer[]>> = {
  // S3 never says that it is full: what fails on its side is an InternalError. The cluster does (AWS re:Post knowledge
  // center, "high disk usage": `ERROR: Disk Full … code: 1016`); a warehouse's local disk shows as a failed statement.
  'disk-full': [
    {
      prefix: 's3.',
      code: 'InternalError',
      status: 500,
      message: 'We encountered an internal error. Please try again.',
    },
    { prefix: 'redshift.', code: 'DiskFull', message: 'Disk Full\n  code: 1016\n  context: node: 0' },
    { prefix: 'databricks.', code: 'INTERNAL_ERROR', message: 'java.io.IOException: No space left on device' },
  ],
  'token-expired': [
    { prefix: 's3.', code: 'ExpiredToken', status: 400, message: 'The provided token has expired.' },
    {
      prefix: 'redshift.',
      code: 'ExpiredTokenException',
      status: 400,
      message: 'The security token included in the request is expired',
    },
    { prefix: 'databricks.', code: 'UNAUTHENTICATED', status: 401, message: 'Access token has expired.' },
  ],
  throttled: [
    { prefix: 's3.', code: 'SlowDown', status: 503, message: 'Please reduce your request rate.' },
    { prefix: 'redshift.', code: 'ThrottlingException', status: 400, message: 'Rate exceeded' },
    { prefix: 'databricks.', code: 'RESOURCE_EXHAUSTED', status: 429, message: 'Too many requests.' },
  ],
};

export function platformAnswer(kind: Misfortune, point: string): Omit<Answer, 'prefix'> {
  const answer = ANSWERS[kind].find(({ prefix }) => point.startsWith(prefix));
  return answer ?? { code: kind, message: `planned fault: ${kind}` };
}
