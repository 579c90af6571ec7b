import { describe, expect, it } from 'vitest';
import { isSessionLost, translateDatabricksError } from './errors.ts';

const state = (message: string, sqlState?: string) =>
  Object.assign(new Error(message), { errorCode: 'ERROR', response: sqlState === undefined ? {} : { sqlState } });

describe('translateDatabricksError', () => {
  it.each([
    [
      '[DELTA_CONCURRENT_APPEND.WITHOUT_HINT] Transaction conflict detected. SQLSTATE: 2D521',
      'TARGET_CONFLICT',
      'retry',
    ],
    ['[DELTA_METADATA_CHANGED] The metadata has been changed. SQLSTATE: 2D521', 'TARGET_CONFLICT', 'retry'],
    ['[COPY_INTO_DUPLICATED_FILES_COPY_NOT_ALLOWED] Duplicated files. SQLSTATE: 25000', 'TARGET_CONFLICT', 'retry'],
    ['[INSUFFICIENT_PERMISSIONS] User does not have MODIFY. SQLSTATE: 42501', 'PERMISSION_DENIED', 'stop'],
    [
      '[TABLE_OR_VIEW_NOT_FOUND] The table `a` cannot be found. SQLSTATE: 42P01',
      'TARGET_STATEMENT_FAILED',
      'quarantine',
    ],
    [
      '[DELTA_REPLACE_WHERE_MISMATCH] Written data does not conform. SQLSTATE: 44000',
      'TARGET_STATEMENT_FAILED',
      'quarantine',
    ],
    ['[PATH_NOT_FOUND] Path does not exist: s3://b/x. SQLSTATE: 42K03', 'STAGE_MISMATCH', 'reopen'],
    ['[ARITHMETIC_OVERFLOW] overflow. SQLSTATE: 22003', 'TARGET_STATEMENT_FAILED', 'retry'],
  ])('%s', (message, code, disposition) => {
    const error = translateDatabricksError(state(message), 'statement');
    expect([error.code, error.disposition]).toEqual([code, disposition]);
  });

  it('keeps the SQLSTATE that the message does not hold', () => {
    expect(translateDatabricksError(state('boom', '22003'), 'x').message).toContain('22003');
  });

  it('takes the message of a StatusError, which is no Error', () => {
    const error = translateDatabricksError(
      { name: 'Status Error', message: '[PARSE_SYNTAX_ERROR] near x', code: 1 },
      'x',
    );
    expect([error.code, error.disposition]).toEqual(['TARGET_STATEMENT_FAILED', 'quarantine']);
  });

  it('calls an answer lost when nobody knows what was done', () => {
    expect(translateDatabricksError(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }), 'x').code).toBe(
      'ANSWER_LOST',
    );
    expect(translateDatabricksError(Object.assign(new Error('503'), { statusCode: 503 }), 'x').code).toBe(
      'ANSWER_LOST',
    );
    expect(translateDatabricksError(Object.assign(new Error('no'), { code: 'ECONNREFUSED' }), 'x').code).toBe(
      'UNREACHABLE',
    );
    expect(translateDatabricksError(Object.assign(new Error('401'), { statusCode: 401 }), 'x').code).toBe(
      'CREDENTIALS_REJECTED',
    );
  });

  it('knows a session that is gone', () => {
    expect(isSessionLost({ name: 'Status Error', message: 'Invalid SessionHandle: SessionHandle [0x…]' })).toBe(true);
    expect(isSessionLost(new Error('socket hang up'))).toBe(false);
    // The statement had been taken by then: sending it again would be a second submission.
    const lost = {
      name: 'Status Error',
      message: 'Invalid OperationHandle: OperationHandle [opType=EXECUTE_STATEMENT]',
    };
    expect(isSessionLost(lost)).toBe(false);
    expect(translateDatabricksError(lost, 'x').code).toBe('ANSWER_LOST');
  });
});
