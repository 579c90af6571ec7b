/**
 * A strict reader of JSON (RFC 8259) that keeps what `JSON.parse` throws away: the text of each number, the order of the
 * keys and their duplicates.
 */
import { malformedJson } from './variant-error.ts';

export type JsonValue =
  | { kind: 'null' }
  | { kind: 'boolean'; value: boolean }
  | { kind: 'number'; text: string }
  | { kind: 'string'; value: string }
  | { kind: 'array'; items: JsonValue[] }
  | { kind: 'object'; fields: [key: string, value: JsonValue][] };

/** Jackson, which Spark parses with, stops at this depth (StreamReadConstraints.DEFAULT_MAX_DEPTH). */
const MAX_DEPTH = 1_000;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const BLANKS = /[ \t\n\r]*/y;
// The characters up to the next quote, backslash or control character.
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these in strings.
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

export function readJson(text: string): JsonValue {
  const reader = new JsonReader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): JsonValue {
    if (depth > MAX_DEPTH) throw malformedJson(`nesting deeper than ${MAX_DEPTH}`);
    this.#match(BLANKS);
    const first = this.#text[this.#at];
    if (first === '{') return this.#object(depth);
    if (first === '[') return this.#array(depth);
    if (first === '"') return { kind: 'string', value: this.#string() };
    if (this.#word('null')) return { kind: 'null' };
    if (this.#word('true')) return { kind: 'boolean', value: true };
    if (this.#word('false')) return { kind: 'boolean', value: false };
    const number = this.#match(NUMBER);
    if (number === '') throw this.#unexpected();
    return { kind: 'number', text: number };
  }

  end(): void {
    this.#match(BLANKS);
    if (this.#at < this.#text.length) throw this.#unexpected();
  }

  #object(depth: number): JsonValue {
    const fields: [string, JsonValue][] = [];
    this.#at += 1;
    if (this.#takes('}')) return { kind: 'object', fields };
    do {
      this.#match(BLANKS);
      if (this.#text[this.#at] !== '"') throw this.#unexpected();
      const key = this.#string();
      if (!this.#takes(':')) throw this.#unexpected();
      fields.push([key, this.value(depth + 1)]);
    } while (this.#takes(','));
    if (!this.#takes('}')) throw this.#unexpected();
    return { kind: 'object', fields };
  }

  #array(depth: number): JsonValue {
    const items: JsonValue[] = [];
    this.#at += 1;
    if (this.#takes(']')) return { kind: 'array', items };
    do items.push(this.value(depth + 1));
    while (this.#takes(','));
    if (!this.#takes(']')) throw this.#unexpected();
    return { kind: 'array', items };
  }

  #string(): string {
    this.#at += 1;
    let found = '';
    for (;;) {
      found += this.#match(PLAIN);
      const next = this.#text[this.#at];
      if (next === '"') break;
      if (next !== '\\') throw this.#unexpected();
      found += this.#escape();
    }
    this.#at += 1;
    // Jackson takes half a surrogate pair and Java then writes "?"; what Databricks' own parser does is not documented.
    if (/\p{Surrogate}/u.test(found)) throw malformedJson('half of a surrogate pair');
    return found;
  }

  #escape(): string {
    const letter = this.#text[this.#at + 1] ?? '';
    if (letter === 'u') {
      const digits = this.#text.slice(this.#at + 2, this.#at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.#unexpected();
      this.#at += 6;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const meant = ESCAPES[letter];
    if (meant === undefined) throw this.#unexpected();
    this.#at += 2;
    return meant;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #word(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false;
    this.#at += word.length;
    return true;
  }

  /** Blanks, then this mark. */
  #takes(mark: string): boolean {
    this.#match(BLANKS);
    if (this.#text[this.#at] !== mark) return false;
    this.#at += 1;
    return true;
  }

  #unexpected(): Error {
    return malformedJson(`unexpected character or end at offset ${this.#at}`);
  }
}
