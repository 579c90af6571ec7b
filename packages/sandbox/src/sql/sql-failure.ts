/** Failures of the SQL front end. Both carry a place; the warehouse parts turn them into their service's own errors. */

function place(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: at - lineStart + 1 };
}

/** The text is not SQL of this dialect. */
export class SqlSyntaxError extends Error {
  readonly at: number;
  readonly line: number;
  readonly column: number;

  constructor(message: string, text: string, at: number) {
    const { line, column } = place(text, at);
    super(`${message} (line ${line}, position ${column})`);
    this.name = 'SqlSyntaxError';
    this.at = at;
    this.line = line;
    this.column = column;
  }
}

/**
 * Known SQL or not, the sandbox cannot run it exactly as the real warehouse would, so it does not run it at all.
 */
export class NotSupported extends Error {
  readonly at: number;
  readonly what: string;

  constructor(what: string, at: number) {
    super(`${what} is not supported by the sandbox (at offset ${at})`);
    this.name = 'NotSupported';
    this.at = at;
    this.what = what;
  }
}

/** The statement is against the dialect's rules (types, unknown column): the real warehouse refuses it as well. */
export class SqlSemanticError extends Error {
  readonly at: number;
  readonly reason: 'unknown-column' | 'ambiguous-column' | 'type' | 'other';

  constructor(reason: SqlSemanticError['reason'], message: string, at: number) {
    super(message);
    this.name = 'SqlSemanticError';
    this.at = at;
    this.reason = reason;
  }
}
