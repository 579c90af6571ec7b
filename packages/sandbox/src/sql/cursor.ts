/** Walks over tokens; the small questions that every part of the parser asks. */
import type { Dialect, Query } from './ast.ts';
import { NotSupported, SqlSyntaxError } from './sql-failure.ts';
import type { Token } from './tokens.ts';

export interface CursorOptions {
  dialect: Dialect;
  /** Redshift's enable_case_sensitive_identifier. */
  isCaseSensitive: boolean;
  /** Set by the query parser: expressions contain queries. */
  parseQuery: (cursor: Cursor) => Query;
}

/** Deeper nesting than this is refused before the JavaScript stack is at risk. */
const MAX_DEPTH = 400;

/** Words that end an expression or a table, so that they are no alias unless AS or quotes say so. */
const NOT_AN_ALIAS = new Set(
  `ALL AND ANTI AS ASC BETWEEN CASE CLUSTER CROSS DESC DISTINCT ELSE END ESCAPE EXCEPT FETCH FILEFORMAT FOR FROM FULL GROUP
   HAVING ILIKE IN INNER INTERSECT INTO IS JOIN LATERAL LEFT LIKE LIMIT MINUS NATURAL NOT NULL OFFSET ON OR ORDER OUTER
   PIVOT QUALIFY RIGHT SELECT SEMI SET TABLESAMPLE THEN UNION UNPIVOT USING VALUES WHEN WHERE WINDOW WITH VERSION
   TIMESTAMP RETURNING FILES PATTERN FORMAT_OPTIONS COPY_OPTIONS REPLACE`.split(/\s+/),
);

export class Cursor {
  readonly text: string;
  readonly dialect: Dialect;
  readonly options: CursorOptions;
  private readonly tokens: readonly Token[];
  private index = 0;
  private depth = 0;

  constructor(text: string, tokens: readonly Token[], options: CursorOptions) {
    this.text = text;
    this.tokens = tokens;
    this.options = options;
    this.dialect = options.dialect;
  }

  get isRedshift(): boolean {
    return this.dialect === 'redshift';
  }

  peek(ahead = 0): Token {
    return this.tokens[Math.min(this.index + ahead, this.tokens.length - 1)] as Token;
  }

  get at(): number {
    return this.peek().at;
  }

  take(): Token {
    const token = this.peek();
    if (this.index < this.tokens.length - 1) this.index += 1;
    return token;
  }

  /** End of the token before. */
  get endBefore(): number {
    return this.tokens[this.index - 1]?.end ?? 0;
  }

  mark(): number {
    return this.index;
  }

  back(mark: number): void {
    this.index = mark;
  }

  /** Called for nearly every word of the grammar at nearly every token, so it allocates nothing. */
  isWord(first: string, second?: string, third?: string): boolean {
    const token = this.tokens[this.index] as Token;
    if (token.kind !== 'word' || token.text !== first) return false;
    if (second === undefined) return true;
    return this.isWordAt(1, second) && (third === undefined || this.isWordAt(2, third));
  }

  private isWordAt(ahead: number, word: string): boolean {
    const token = this.peek(ahead);
    return token.kind === 'word' && token.text === word;
  }

  accept(first: string, second?: string, third?: string): boolean {
    if (!this.isWord(first, second, third)) return false;
    this.index += third !== undefined ? 3 : second !== undefined ? 2 : 1;
    return true;
  }

  expect(...words: string[]): void {
    for (const word of words) if (!this.accept(word)) this.fail(`expected ${word}`);
  }

  isOp(op: string, ahead = 0): boolean {
    const token = ahead === 0 ? (this.tokens[this.index] as Token) : this.peek(ahead);
    return token.kind === 'op' && token.text === op;
  }

  acceptOp(op: string): boolean {
    if (!this.isOp(op)) return false;
    this.index += 1;
    return true;
  }

  expectOp(op: string): void {
    if (!this.acceptOp(op)) this.fail(`expected "${op}"`);
  }

  fail(message: string, at = this.at): never {
    const token = this.peek();
    const near =
      token.kind === 'end' ? 'end of input' : `"${this.text.slice(token.at, Math.min(token.end, token.at + 40))}"`;
    throw new SqlSyntaxError(`syntax error at or near ${near}: ${message}`, this.text, at);
  }

  refuse(what: string, at = this.at): never {
    throw new NotSupported(what, at);
  }

  /** Guards recursion. */
  nested<T>(run: () => T): T {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) this.refuse(`nesting deeper than ${MAX_DEPTH}`);
    try {
      return run();
    } finally {
      this.depth -= 1;
    }
  }

  // -------------------------------------------------------------- names

  isName(): boolean {
    return this.peek().kind === 'word' || this.peek().kind === 'quoted';
  }

  name(): string {
    const token = this.peek();
    if (token.kind !== 'word' && token.kind !== 'quoted') this.fail('expected a name');
    this.take();
    return this.fold(token);
  }

  fold(token: Token): string {
    if (this.dialect === 'databricks') return token.raw;
    if (token.kind === 'quoted' && this.options.isCaseSensitive) return token.raw;
    // ASCII only, as the server folds bytes.
    return token.raw.replace(/[A-Z]+/g, (upper) => upper.toLowerCase());
  }

  qualifiedName(): string[] {
    const parts = [this.name()];
    while (this.acceptOp('.')) parts.push(this.name());
    return parts;
  }

  nameList(): string[] {
    this.expectOp('(');
    const names = this.list(() => this.name());
    this.expectOp(')');
    return names;
  }

  /** An alias with or without AS. */
  alias(): string | null {
    if (this.accept('AS')) {
      // Redshift and Databricks both let AS be followed by any word; Databricks shows strings as syntax errors.
      return this.name();
    }
    const token = this.peek();
    if (token.kind === 'quoted') return this.name();
    if (token.kind === 'word' && !NOT_AN_ALIAS.has(token.text)) return this.name();
    return null;
  }

  list<T>(item: () => T): T[] {
    const items = [item()];
    while (this.acceptOp(',')) items.push(item());
    return items;
  }

  string(): string {
    const token = this.peek();
    if (token.kind !== 'string') this.fail('expected a string');
    this.take();
    return token.text;
  }

  /** A whole number that is small by nature (lengths, sizes). */
  count(): number {
    const token = this.peek();
    if (token.kind !== 'number' || !/^\d{1,9}$/.test(token.text)) this.fail('expected a whole number');
    this.take();
    return Number(token.text);
  }
}
