import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MUTANTS } from './list/index.ts';
import { plant } from './mutant.ts';
import { cell, PAGE } from './page.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

describe('the planted bugs', () => {
  it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))('%s can still be planted', (_name, mutant) => {
    const texts = new Map<string, string>();
    for (const edit of mutant.edits) texts.set(edit.file, plant(texts.get(edit.file) ?? read(edit.file), edit));
    expect(mutant.tests.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
    expect(mutant.tests.length).toBeGreaterThan(0);
  });

  it('have names of their own, and each stands in the table with the test that caught it', () => {
    expect(new Set(MUTANTS.map((mutant) => mutant.name)).size).toBe(MUTANTS.length);
    const page = read(PAGE);
    const missing = MUTANTS.filter((mutant) => !page.includes(`\n| ${cell(mutant.name)} |`));
    // npm run mutants plants them and writes the page.
    expect(missing.map((each) => each.name)).toEqual([]);
    expect(page).not.toContain('**nothing**');
  });
});

describe('planting', () => {
  const edit = { file: 'f.ts', from: 'a', to: 'b' };

  it('replaces the one place', () => {
    expect(plant('xax', edit)).toBe('xbx');
  });

  it.each([
    ['is gone', 'xx'],
    ['stands twice', 'aa'],
  ])('fails loudly when the text %s', (_what, text) => {
    expect(() => plant(text, edit)).toThrow(/f\.ts holds the text to replace \d times/);
  });
});
