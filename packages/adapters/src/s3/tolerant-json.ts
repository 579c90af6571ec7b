import { LakehaulError } from '@lakehaul/core';

/** Numbers stay text: a count must not pass through a floating point number. */
export type TolerantJson = string | boolean | null | TolerantNumber | TolerantJson[] | { [name: string]: TolerantJson };

export class TolerantNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * Reads JSON, and also what the UNLOAD documentation shows for sized types: `{"base":"character varying", 25}`, a value
 * without a name in an object. Such values get the names `#0`, `#1` … Anything else that is no JSON is refused.
 */
export function parseTolerantJson(text: string): TolerantJson {
  const reader = new Reader(text);
  const value = reader.value();
  reader.end();
  return value;
}

const NUMBER = /-?\d+(\.\d+)?([eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\]|\\.)*"/sy;
const BLANKS = /[ \t\r\n]*/y;
const WORDS: [string, boolean | null][] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  end(): void {
    this.#match(BLANKS);
    if (this.#at < this.#text.length) this.#fail('end of text');
  }

  value(): TolerantJson {
    this.#match(BLANKS);
    const first = this.#text[this.#at];
    if (first === '{') return this.#object();
    if (first === '[') return this.#array();
    if (first === '"') return this.#string();
    const number = this.#match(NUMBER);
    if (number !== null && number !== '') return new TolerantNumber(number);
    for (const [word, value] of WORDS)
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    return this.#fail('a value');
  }

  #object(): TolerantJson {
    const members: [string, TolerantJson][] = [];
    let nameless = 0;
    this.#at += 1;
    if (this.#takes('}')) return {};
    do {
      const first = this.value();
      if (typeof first === 'string' && this.#takes(':')) members.push([first, this.value()]);
      else members.push([`#${nameless++}`, first]);
    } while (this.#takes(','));
    if (!this.#takes('}')) this.#fail('}');
    return Object.fromEntries(members);
  }

  #array(): TolerantJson[] {
    const items: TolerantJson[] = [];
    this.#at += 1;
    if (this.#takes(']')) return items;
    do items.push(this.value());
    while (this.#takes(','));
    if (!this.#takes(']')) this.#fail(']');
    return items;
  }

  #string(): string {
    const start = this.#at;
    const quoted = this.#match(STRING);
    if (quoted === null) return this.#fail('the end of a string');
    try {
      return JSON.parse(quoted) as string;
    } catch {
      this.#at = start;
      return this.#fail('a string');
    }
  }

  #takes(mark: string): boolean {
    this.#match(BLANKS);
    if (this.#text[this.#at] !== mark) return false;
    this.#at += 1;
    return true;
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (!found) return null;
    this.#at += found[0].length;
    return found[0];
  }

  #fail(wanted: string): never {
    throw new LakehaulError('MANIFEST_INVALID', `no JSON at character ${this.#at}: expected ${wanted}`);
  }
}
