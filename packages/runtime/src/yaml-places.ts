/** Where in the file a value stands: line and column of any path, counted from 1. */
import { type Document, isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';

export interface Place {
  line: number;
  column: number;
}

export type Path = readonly (string | number)[];

export class YamlPlaces {
  readonly value: unknown;
  readonly syntaxErrors: readonly (Place & { message: string; isFatal: boolean })[];
  readonly #document: Document;
  readonly #lines = new LineCounter();

  constructor(text: string) {
    // prettyErrors would quote the line, and with it perhaps a secret.
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    this.syntaxErrors = this.#document.errors.map((error) => ({
      ...this.#at(error.pos[0]),
      message: error.code === 'DUPLICATE_KEY' ? 'the same key stands here twice' : error.message,
      isFatal: error.code !== 'DUPLICATE_KEY',
    }));
    this.value = this.syntaxErrors.some((error) => error.isFatal) ? null : this.#document.toJS();
  }

  /** Of the value at the path; of the innermost part that exists when it does not. */
  of(path: Path): Place {
    let node: unknown = this.#document.contents;
    let key: Node | null = null;
    for (const part of path) {
      const pair = isMap(node) ? node.items.find((item) => isScalar(item.key) && item.key.value === part) : undefined;
      const inner: unknown = isPair(pair) ? pair.value : isSeq(node) ? node.items[Number(part)] : undefined;
      if (isPair(pair)) key = pair.key as Node;
      if (inner === undefined || inner === null) break;
      node = inner;
    }
    // A map or list begins below its key; a person looks for the key.
    const place = isScalar(node) ? node : (key ?? (node as Node | null));
    return this.#at(place?.range?.[0] ?? 0);
  }

  /** Of the key itself. */
  ofKey(path: Path, key: string): Place {
    const node = path.length === 0 ? this.#document.contents : this.#document.getIn(path, true);
    const pair = isMap(node) ? node.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
    const range = isPair(pair) ? (pair.key as Node).range : undefined;
    return range === undefined || range === null ? this.of(path) : this.#at(range[0]);
  }

  #at(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}
