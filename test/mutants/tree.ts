/** A copy of the tree to plant bugs in: the files as they lie here, with the installed packages linked. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Edit, plant } from './mutant.ts';

export interface TreeCopy extends Disposable {
  directory: string;
  /** Plants the edits; disposing takes them out again. */
  plant(edits: readonly Edit[]): Disposable;
}

/** Tracked files and new ones, but nothing that git ignores. */
export function filesOf(root: string): string[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8' });
  const gone = execFileSync('git', ['ls-files', '-d', '-z'], { cwd: root, encoding: 'utf8' });
  const deleted = new Set(gone.split('\0'));
  return listed.split('\0').filter((file) => file !== '' && !deleted.has(file));
}

/** Of everything that a test can depend on; pages for people are not. */
export function treeDigest(root: string, files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files.filter((each) => !each.endsWith('.md')).sort())
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  return hash.digest('hex').slice(0, 16);
}

export function copyTree(root: string): TreeCopy {
  const directory = mkdtempSync(join(tmpdir(), 'lakehaul-mutants-'));
  for (const file of filesOf(root)) {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    cpSync(join(root, file), join(directory, file));
  }
  linkPackages(root, directory);
  return {
    directory,
    plant: (edits) => {
      const before = new Map<string, string>();
      const takeOut = () => {
        for (const [file, text] of before) writeFileSync(join(directory, file), text);
      };
      try {
        for (const edit of edits) {
          const path = join(directory, edit.file);
          const text = readFileSync(path, 'utf8');
          if (!before.has(edit.file)) before.set(edit.file, text);
          writeFileSync(path, plant(text, edit));
        }
      } catch (error) {
        takeOut();
        throw error;
      }
      return { [Symbol.dispose]: takeOut };
    },
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/**
 * Our own workspaces are linked relatively, so that the copy's packages meet each other and not the originals: a bug in
 * a package that others import would otherwise never be seen.
 */
function linkPackages(root: string, directory: string): void {
  const from = join(root, 'node_modules');
  const to = join(directory, 'node_modules');
  mkdirSync(join(to, '@lakehaul'), { recursive: true });
  for (const name of readdirSync(from)) {
    if (name.startsWith('.') && name !== '.bin') continue;
    if (name === '@lakehaul')
      for (const own of readdirSync(join(from, name)))
        symlinkSync(readlinkSync(join(from, name, own)), join(to, name, own));
    else symlinkSync(join(from, name), join(to, name));
  }
  // A workspace that wants another version of a package than its neighbours has its own.
  for (const parent of ['packages', 'services'])
    for (const room of readdirSync(join(directory, parent))) {
      const own = join(root, parent, room, 'node_modules');
      if (existsSync(own)) symlinkSync(own, join(directory, parent, room, 'node_modules'));
    }
}
