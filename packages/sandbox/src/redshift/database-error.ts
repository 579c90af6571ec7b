import { engineMessage } from '../engine.ts';
import { FaultError } from '../faults.ts';
import { NotSupported, SqlSyntaxError } from '../sql/index.ts';
import { DatabaseError } from './service-error.ts';

/** What the engine says, and what Redshift would say. The engine's own text stays where Redshift's is not known. */
const TRANSLATIONS: readonly [RegExp, (match: RegExpExecArray) => string][] = [
  [
    /^(?:TransactionContext Error|Transaction).*conflict/is,
    () => '1023\nDETAIL: Serializable isolation violation on table',
  ],
  [/NOT NULL constraint failed: (?:.*\.)?([^.\s]+)/i, (m) => `Cannot insert a NULL value into column ${m[1]}`],
  [
    /^Conversion Error: Could not convert string '(.*)' to (\w+)/is,
    (m) => `invalid input syntax for type ${m[2]?.toLowerCase()}`,
  ],
  [/division by zero/i, () => 'Divide by zero'],
  [
    /^(?:Invalid Input|Conversion|Out of Range|Binder|Catalog|Parser|Constraint|Dependency|Not implemented) Error: (.*)/is,
    (m) => m[1] as string,
  ],
];

/** Any failure while a statement ran as the database error that DescribeStatement shows. */
export function databaseError(error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const message = engineMessage(error);
  if (error instanceof FaultError) return new DatabaseError(message, { cause: error });
  if (error instanceof SqlSyntaxError) return new DatabaseError(`syntax error: ${message}`, { cause: error });
  if (error instanceof NotSupported) return new DatabaseError(message, { cause: error });
  for (const [pattern, translate] of TRANSLATIONS) {
    const match = pattern.exec(message);
    if (match) return new DatabaseError(translate(match), { cause: error });
  }
  return new DatabaseError(message, { cause: error });
}
