/** Entry points of the parser. */
import type { Dialect, Expression, Statement } from './ast.ts';
import { Cursor } from './cursor.ts';
import { parseExpression } from './parse-expression.ts';
import { parseQuery } from './parse-query.ts';
import { parseStatementBody } from './parse-statement.ts';
import { tokenize } from './tokens.ts';

export interface ParseOptions {
  /** Redshift's enable_case_sensitive_identifier; off by default, as there. */
  isCaseSensitive?: boolean;
}

function cursorOf(sql: string, dialect: Dialect, options: ParseOptions): Cursor {
  const isCaseSensitive = options.isCaseSensitive ?? false;
  return new Cursor(sql, tokenize(sql, dialect), { dialect, isCaseSensitive, parseQuery });
}

function parseAll(sql: string, dialect: Dialect, options: ParseOptions): Statement[] {
  const cursor = cursorOf(sql, dialect, options);
  const statements: Statement[] = [];
  let from = 0;
  while (cursor.peek().kind !== 'end') {
    if (cursor.isOp(';')) {
      from = cursor.take().end;
      continue;
    }
    const body = parseStatementBody(cursor);
    if (!cursor.isOp(';') && cursor.peek().kind !== 'end') cursor.fail('expected the end of the statement');
    const until = cursor.peek().kind === 'end' ? sql.length : cursor.at;
    const text = sql.slice(from, until);
    // The leading comment stays: it carries the tag by which a statement is found again in the query history.
    statements.push({ body, raw: text.trim(), at: from + text.length - text.trimStart().length });
  }
  return statements;
}

export function parseRedshift(sql: string, options: ParseOptions = {}): Statement[] {
  return parseAll(sql, 'redshift', options);
}

export function parseDatabricks(sql: string): Statement[] {
  return parseAll(sql, 'databricks', {});
}

/** One expression alone: a constraint, a default, a predicate kept as text. */
export function parseExpressionText(sql: string, dialect: Dialect, options: ParseOptions = {}): Expression {
  const cursor = cursorOf(sql, dialect, options);
  const expression = parseExpression(cursor);
  if (cursor.peek().kind !== 'end') cursor.fail('expected the end of the expression');
  return expression;
}
