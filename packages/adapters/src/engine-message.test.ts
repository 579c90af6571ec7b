import { describe, expect, it } from 'vitest';
import { translateDatabricksError } from './databricks/errors.ts';
import { databricksMessage, redshiftMessage } from './engine-message.ts';
import { databaseError } from './redshift/errors.ts';

describe('what the source says of a failure', () => {
  it.each([
    "ERROR: Invalid digit, Value 'SECRET', Pos 0, Type: Integer",
    'ERROR: invalid input syntax for type numeric: "SECRET"',
    'ERROR: date/time field value out of range: "SECRET"',
    'ERROR: Value out of range\n  Detail:\n  -----\n  error:  Value out of range.\n  code:      8001\n  context:   SECRET\n',
    'ERROR: Multibyte character not supported for CHAR (Hint: try using VARCHAR). Invalid char: SECRET',
    'ERROR: String contains invalid or unsupported UTF8 codepoints. Bad UTF8 hex sequence: SECRET (error 4)',
    'ERROR: syntax error at or near "SECRET"',
    "ERROR: Invalid JSON: it''s 'SECRET''s' end",
  ])('%j', (text) => {
    expect(redshiftMessage(text)).not.toContain('SECRET');
    expect(databaseError('failed', text, 'x').message).not.toContain('SECRET');
  });

  it('still names what a person must look at', () => {
    expect(redshiftMessage('ERROR: relation "a.b" does not exist')).toBe('ERROR: relation "a.b" does not exist');
    expect(redshiftMessage('ERROR: column "x y" does not exist in t')).toContain('"x y"');
    expect(redshiftMessage('ERROR: overflow\n  Detail:\n  code:  8001\n')).toBe('ERROR: overflow (code 8001)');
  });
});

describe('what the warehouse says of a failure', () => {
  it.each([
    '[CAST_INVALID_INPUT] The value \'SECRET\' of the type "STRING" cannot be cast to "INT". SQLSTATE: 22018',
    '[NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION] The SECRET cannot be represented as Decimal(5, 2). SQLSTATE: 22003',
    '[DELTA_VIOLATE_CONSTRAINT_WITH_VALUES] CHECK constraint c (a > 0) violated by row with values:\n - a : SECRET SQLSTATE: 23001',
    '[DELTA_REPLACE_WHERE_MISMATCH] Written data does not conform: SECRET. SQLSTATE: 44000',
    '[MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION] Malformed records: SECRET. SQLSTATE: 22023',
    'java.lang.NumberFormatException: For input string: "SECRET"',
  ])('%j', (text) => {
    expect(databricksMessage(text)).not.toContain('SECRET');
    const error = Object.assign(new Error(text), { errorCode: 'ERROR', response: {} });
    expect(translateDatabricksError(error, 'statement').message).not.toContain('SECRET');
  });

  it('keeps class and SQLSTATE, and the names of what is missing', () => {
    expect(databricksMessage('[CAST_INVALID_INPUT] The value. SQLSTATE: 22018')).toContain(
      '[CAST_INVALID_INPUT] SQLSTATE: 22018',
    );
    const missing = '[TABLE_OR_VIEW_NOT_FOUND] The table or view `a`.`b` cannot be found. SQLSTATE: 42P01';
    expect(databricksMessage(missing)).toBe(missing);
  });
});
