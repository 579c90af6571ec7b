import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exampleName, jsonOutputs, jsonPage } from '../json/page.ts';
import { VERBS } from '../verbs/index.ts';

const EXAMPLES = join(import.meta.dirname, '../json/examples');
const examples = new Map(readdirSync(EXAMPLES).map((name) => [name, readFileSync(join(EXAMPLES, name), 'utf8')]));

describe('--json', () => {
  it.each(VERBS.filter((verb) => verb.flags.some((flag) => flag.name === 'json')).map((verb) => [verb.name, verb]))(
    'of %s has a shape (Verb.json)',
    (_name, verb) => {
      expect(verb.json ?? []).not.toEqual([]);
    },
  );

  it('has examples that are of their shapes, and none of a shape that is gone', () => {
    const outputs = new Map(jsonOutputs(VERBS).map((output) => [exampleName(output), output]));
    for (const [name, text] of examples) {
      const output = outputs.get(name);
      expect(output, `${name} is the example of no document`).toBeDefined();
      const parsed = output?.shape.safeParse(JSON.parse(text));
      expect(parsed?.error?.issues, `${name} is old: npx vitest run --project sandbox test/golden -u`).toBeUndefined();
    }
  });

  it('is described in docs/json-output.md (npx vitest run packages/cli/src/print -u writes it)', async () => {
    await expect(jsonPage(VERBS, examples)).toMatchFileSnapshot('../../../../docs/json-output.md');
  });
});
