import type { LakehaulError } from '@lakehaul/core';
import { describe, expect, it } from 'vitest';
import { databaseError, translateRedshiftError } from './errors.ts';

function codeOf(error: object): string {
  const translated = translateRedshiftError(Object.assign(new Error('it says so'), error), 'DescribeStatement x');
  return (translated as LakehaulError).code;
}

describe('translateRedshiftError', () => {
  it.each([
    [{ name: 'ActiveStatementsExceededException', $metadata: { httpStatusCode: 400 } }, 'THROTTLED'],
    [{ name: 'ThrottlingException', $metadata: { httpStatusCode: 400 } }, 'THROTTLED'],
    [{ name: 'ExpiredTokenException', $metadata: { httpStatusCode: 400 } }, 'CREDENTIALS_REJECTED'],
    [{ name: 'UnrecognizedClientException', $metadata: { httpStatusCode: 400 } }, 'CREDENTIALS_REJECTED'],
    [{ name: 'AccessDeniedException', $metadata: { httpStatusCode: 400 } }, 'PERMISSION_DENIED'],
    [{ name: 'ResourceNotFoundException', $metadata: { httpStatusCode: 400 } }, 'SOURCE_RESULT_EXPIRED'],
    [{ name: 'BatchExecuteStatementException', $metadata: { httpStatusCode: 500 } }, 'UNAVAILABLE'],
    [{ name: 'Surprise', $metadata: { httpStatusCode: 503 } }, 'UNAVAILABLE'],
    [{ name: 'Error', code: 'ECONNREFUSED' }, 'UNREACHABLE'],
    [{ name: 'Error', code: 'ECONNRESET' }, 'ANSWER_LOST'],
    [{ name: 'SyntaxError', $metadata: { httpStatusCode: 200 } }, 'ANSWER_LOST'],
  ])('%o is %s', (error, code) => {
    expect(codeOf(error)).toBe(code);
  });

  it('is backpressure when too many statements are active, so no attempt is spent', () => {
    const error = translateRedshiftError(
      Object.assign(new Error('x'), { name: 'ActiveStatementsExceededException' }),
      'BatchExecuteStatement y',
    );
    expect((error as LakehaulError).disposition).toBe('backpressure');
  });

  it('reads a ValidationException by its message', () => {
    const named = (message: string) =>
      (translateRedshiftError(Object.assign(new Error(message), { name: 'ValidationException' }), 'x') as LakehaulError)
        .code;
    expect(named("Redshift endpoint doesn't exist in this region.")).toBe('CONFIG_INVALID');
    expect(named('Cannot process query string larger than 100kB')).toBe('STATEMENT_TOO_LONG');
    expect(named("Secrets Manager can't find the specified secret.")).toBe('CREDENTIALS_REJECTED');
  });

  it('leaves an abort as it is', () => {
    const abort = new DOMException('stop', 'AbortError');
    expect(translateRedshiftError(abort, 'x')).toBe(abort);
  });
});

describe('databaseError', () => {
  it('tells what a person must settle from what may pass', () => {
    expect(databaseError('failed', 'ERROR: permission denied for relation t', 'x').code).toBe('PERMISSION_DENIED');
    expect(databaseError('failed', 'ERROR: relation "a.b" does not exist', 'x').code).toBe('TABLE_MISSING');
    expect(databaseError('failed', 'ERROR: Value too long for character type', 'x').code).toBe('ROW_TOO_LONG');
    expect(databaseError('aborted', 'stopped', 'x').code).toBe('SOURCE_STATEMENT_ABORTED');
    expect(databaseError('failed', 'ERROR: syntax error at or near "x"', 'x').disposition).toBe('quarantine');
    expect(databaseError('failed', 'ERROR: 1023 Serializable isolation violation', 'x').disposition).toBe('retry');
  });
});
