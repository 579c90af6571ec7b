/** A bug that a reviewer would think of, as an exact replacement of text, and the tests that must not let it live. */

export interface Edit {
  /** From the root of the tree. */
  file: string;
  /** Stands in the file exactly once. */
  from: string;
  to: string;
}

export interface Mutant {
  name: string;
  /** What would be untrue, lost or doubled if it lived. */
  harm: string;
  edits: readonly Edit[];
  /** Test files, cheapest first; the first one that fails ends the search. */
  tests: readonly string[];
}

/** Most mutants are one replacement. */
export function mutant(
  name: string,
  what: { harm: string; file: string; from: string; to: string; tests: readonly string[] },
): Mutant {
  const { harm, file, from, to, tests } = what;
  return { name, harm, edits: [{ file, from, to }], tests };
}

/** The file's text with the bug in it. A text that moved on since is told, never passed over. */
export function plant(text: string, edit: Edit): string {
  const found = text.split(edit.from).length - 1;
  if (found !== 1)
    throw new Error(`${edit.file} holds the text to replace ${found} times, not once:\n${indented(edit.from)}`);
  if (edit.from === edit.to) throw new Error(`${edit.file}: a replacement that changes nothing`);
  return text.replace(edit.from, () => edit.to);
}

function indented(text: string): string {
  return text.replace(/^/gm, '    ');
}

export type Project = 'unit' | 'sandbox' | 'fleet';

export function projectOf(testFile: string): Project {
  const suffix = /\.(sandbox|fleet)\.test\.ts$/.exec(testFile)?.[1];
  return suffix === 'sandbox' || suffix === 'fleet' ? suffix : 'unit';
}
