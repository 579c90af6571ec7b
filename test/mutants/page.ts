/** docs/mutants.md: written from a whole run, read by people and by the test that keeps it complete. */
import type { Mutant } from './mutant.ts';
import type { MutantResult } from './results.ts';

export const PAGE = 'docs/mutants.md';

export function mutantsPage(mutants: readonly Mutant[], results: ReadonlyMap<string, MutantResult>): string {
  const rows = mutants.map(({ name, harm, edits }) => {
    const found = results.get(name);
    const by = found?.caughtBy;
    const caught = by === undefined || by === null ? '**nothing**' : `${cell(by.test)} (\`${by.file}\`)`;
    return `| ${cell(name)} | ${cell(harm)} | \`${edits[0]?.file ?? ''}\` | ${caught} |`;
  });
  const days = [...new Set([...results.values()].map((each) => each.on))].sort();
  return `# Planted bugs, and the test that catches each

Written by \`npm run mutants\`; do not edit. Each bug is an exact replacement of text (\`test/mutants/list\`), planted in a copy
of the tree; its test files run, cheapest first, until one fails. The same files pass when nothing is planted. A unit test checks
that every text to replace is still there and that every bug is in this table.

${mutants.length} bugs, last planted ${days.at(-1) ?? 'never'}.

| bug | what it would do | in | caught by |
|---|---|---|---|
${rows.join('\n')}
`;
}

export function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
