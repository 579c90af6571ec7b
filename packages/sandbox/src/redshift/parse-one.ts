import { parseRedshift, type Statement } from '../sql/index.ts';
import { DatabaseError } from './service-error.ts';
import type { Session } from './session.ts';

/** The one statement of a text: the Data API refuses several in one string. */
export function parseOne(sql: string, session: Session): Statement {
  const statements = parseRedshift(sql, { isCaseSensitive: session.isCaseSensitive });
  const [first] = statements;
  if (!first) throw new DatabaseError('the statement is empty');
  if (statements.length > 1) throw new DatabaseError('cannot insert multiple commands into a prepared statement');
  return first;
}
