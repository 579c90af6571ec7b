/** Text to tokens, for both dialects. Comments are left out; what a dialect would read differently is refused. */
import type { Dialect } from './ast.ts';
import { NotSupported, SqlSyntaxError } from './sql-failure.ts';

export interface Token {
  kind: 'word' | 'quoted' | 'string' | 'bytes' | 'number' | 'parameter' | 'op' | 'end';
  /** Words in upper case; operators as written; strings and quoted names with escapes undone; numbers as written. */
  text: string;
  /** A word as written. */
  raw: string;
  at: number;
  end: number;
}

const BLANK = /[\s\u00a0\ufeff]+/y;
const WORD = /[\p{L}_][\p{L}\p{N}\p{M}_$]*/uy;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const SUFFIX = /(?:BD|[LSYDF])(?![\p{L}\p{N}_])/iuy;
const OPERATOR = /::|<=>|<>|<=|>=|!=|==|=>|\|\||->|!~\*|!~|~\*|[-+*/%<>=(),.;[\]{}:~^&|!@#?$]/y;
const PARAMETER = /[\p{L}_][\p{L}\p{N}_]*/uy;

const SPARK_ESCAPES: Record<string, string> = {
  '0': '\0',
  b: '\b',
  n: '\n',
  r: '\r',
  t: '\t',
  Z: '\u001a',
  // These two keep their backslash: they belong to LIKE patterns.
  '%': '\\%',
  _: '\\_',
};

class Tokenizer {
  readonly tokens: Token[] = [];
  private position = 0;
  private readonly text: string;
  private readonly dialect: Dialect;

  constructor(text: string, dialect: Dialect) {
    this.text = text;
    this.dialect = dialect;
  }

  run(): Token[] {
    while (this.position < this.text.length) {
      if (this.match(BLANK) !== null || this.skipComment()) continue;
      this.next();
    }
    this.push('end', '', this.position);
    return this.tokens;
  }

  private push(kind: Token['kind'], text: string, at: number, raw = text): undefined {
    this.tokens.push({ kind, text, raw, at, end: this.position });
  }

  private match(pattern: RegExp): string | null {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.text);
    if (found === null) return null;
    this.position = pattern.lastIndex;
    return found[0];
  }

  private skipComment(): boolean {
    if (this.text.startsWith('--', this.position)) {
      const end = this.text.indexOf('\n', this.position);
      this.position = end < 0 ? this.text.length : end + 1;
      return true;
    }
    if (!this.text.startsWith('/*', this.position)) return false;
    const at = this.position;
    this.position += 2;
    // Bracketed comments nest in both dialects.
    for (let depth = 1; depth > 0; ) {
      const close = this.text.indexOf('*/', this.position);
      if (close < 0) throw new SqlSyntaxError('unterminated comment', this.text, at);
      const open = this.text.indexOf('/*', this.position);
      depth += open >= 0 && open < close ? 1 : -1;
      this.position = (open >= 0 && open < close ? open : close) + 2;
    }
    return true;
  }

  private next(): undefined {
    const at = this.position;
    const char = this.text[at] as string;
    const isSpark = this.dialect === 'databricks';
    if (char === "'" || (char === '"' && isSpark)) return this.string(char);
    if (char === '"' || (char === '`' && isSpark)) return this.quotedName(char);
    if (char === '$' && !isSpark && this.text[at + 1] === '$') return this.dollarString();
    if (/[0-9]/.test(char) || (char === '.' && /[0-9]/.test(this.text[at + 1] ?? ''))) return this.number();
    if (char === ':' && this.isParameter()) {
      this.position += 1;
      const name = this.match(PARAMETER) as string;
      return this.push('parameter', name, at);
    }
    const word = this.match(WORD);
    if (word !== null) return this.word(word, at);
    const operator = this.match(OPERATOR);
    if (operator === null) throw new SqlSyntaxError(`syntax error at or near "${char}"`, this.text, at);
    this.push('op', operator === '!=' ? '<>' : operator === '==' ? '=' : operator, at);
  }

  private isParameter(): boolean {
    // `a:b` right behind a name or a bracket is a path into a VARIANT, not a parameter.
    const before = this.text[this.position - 1] ?? ' ';
    return (
      /[\p{L}_]/u.test(this.text[this.position + 1] ?? '') && !/[\p{L}\p{N}_`"\])]/u.test(before) && before !== ':'
    );
  }

  private word(word: string, at: number): undefined {
    const upper = word.toUpperCase();
    const quote = this.text[this.position];
    if (quote === "'" || (quote === '"' && this.dialect === 'databricks')) {
      if (upper === 'X') return this.bytes(at);
      if (upper === 'R' && this.dialect === 'databricks') return this.rawString(quote, at);
      if (upper === 'E' || upper === 'B' || upper === 'N' || upper === 'U')
        throw new NotSupported(`a string with the prefix ${word}`, at);
    }
    this.push('word', upper, at, word);
  }

  private bytes(at: number): undefined {
    const quote = this.text[this.position] as string;
    const close = this.text.indexOf(quote, this.position + 1);
    const hex = this.text.slice(this.position + 1, close);
    if (this.dialect === 'redshift') throw new NotSupported("a literal X'…'", at);
    if (close < 0 || !/^(?:[0-9a-fA-F]{2})*$/.test(hex))
      throw new SqlSyntaxError('invalid binary literal', this.text, at);
    this.position = close + 1;
    this.push('bytes', hex.toLowerCase(), at);
  }

  private rawString(quote: string, at: number): undefined {
    const close = this.text.indexOf(quote, this.position + 1);
    if (close < 0) throw new SqlSyntaxError('unterminated string', this.text, at);
    const value = this.text.slice(this.position + 1, close);
    this.position = close + 1;
    this.push('string', value, at);
  }

  private dollarString(): undefined {
    const at = this.position;
    const close = this.text.indexOf('$$', at + 2);
    if (close < 0) throw new SqlSyntaxError('unterminated dollar-quoted string', this.text, at);
    this.position = close + 2;
    this.push('string', this.text.slice(at + 2, close), at);
  }

  private number(): undefined {
    const at = this.position;
    const digits = this.match(NUMBER) as string;
    const suffix = this.dialect === 'databricks' ? (this.match(SUFFIX) ?? '') : '';
    if (this.match(PARAMETER) !== null) throw new SqlSyntaxError('invalid number', this.text, at);
    this.push('number', digits + suffix.toUpperCase(), at);
  }

  private quotedName(quote: string): undefined {
    const at = this.position;
    let value = '';
    for (let from = at + 1; ; ) {
      const close = this.text.indexOf(quote, from);
      if (close < 0) throw new SqlSyntaxError('unterminated quoted identifier', this.text, at);
      value += this.text.slice(from, close);
      from = close + 2;
      this.position = close + 1;
      if (this.text[close + 1] !== quote) break;
      value += quote;
    }
    if (value === '') throw new SqlSyntaxError('zero-length delimited identifier', this.text, at);
    this.push('quoted', value, at);
  }

  private string(quote: string): undefined {
    const at = this.position;
    const parts: string[] = [];
    let index = at + 1;
    for (;;) {
      const from = index;
      while (index < this.text.length && this.text[index] !== quote && this.text[index] !== '\\') index += 1;
      parts.push(this.text.slice(from, index));
      if (index >= this.text.length) throw new SqlSyntaxError('unterminated string', this.text, at);
      if (this.text[index] === '\\') {
        const escaped = this.escape(index);
        parts.push(escaped.value);
        index = escaped.next;
      } else if (this.text[index + 1] === quote) {
        // Spark has read 'it''s' as its and as it's in different versions; facts name neither for a warehouse.
        if (this.dialect === 'databricks') throw new NotSupported("a doubled quote inside a string (write \\')", index);
        parts.push(quote);
        index += 2;
      } else break;
    }
    this.position = index + 1;
    this.push('string', parts.join(''), at);
  }

  private escape(at: number): { value: string; next: number } {
    const char = this.text[at + 1] ?? '';
    if (char === '\\' || char === "'" || (char === '"' && this.dialect === 'databricks'))
      return { value: char, next: at + 2 };
    // Redshift eats one level of backslashes ("escape using two"); what it does to other pairs is not confirmed.
    if (this.dialect === 'redshift') throw new NotSupported(`the escape \\${char} in a string`, at);
    const unicode = /^u([0-9a-fA-F]{4})|^U([0-9a-fA-F]{8})/.exec(this.text.slice(at + 1, at + 10));
    if (unicode !== null) {
      const value = String.fromCodePoint(Number.parseInt((unicode[1] ?? unicode[2]) as string, 16));
      return { value, next: at + 1 + unicode[0].length };
    }
    if (/^[0-3][0-7]{2}/.test(this.text.slice(at + 1, at + 4))) {
      return { value: String.fromCharCode(Number.parseInt(this.text.slice(at + 1, at + 4), 8)), next: at + 4 };
    }
    return { value: SPARK_ESCAPES[char] ?? char, next: at + 2 };
  }
}

export function tokenize(text: string, dialect: Dialect): Token[] {
  return new Tokenizer(text, dialect).run();
}
