import { describe, expect, it } from 'vitest';
import { VERBS } from '../verbs/index.ts';
import { generalHelp, verbHelp } from './help.ts';

describe('help', () => {
  it.each(VERBS.map((verb) => [verb.name, verb] as const))(
    'of %s fits 80 columns and shows an example',
    (name, verb) => {
      const text = verbHelp(verb);
      expect(text.split('\n').filter((line) => [...line].length > 80)).toEqual([]);
      expect(text).toContain(`example: lakehaul ${name}`);
      expect(text).toMatchSnapshot();
    },
  );

  it('of the command names every verb and fits 80 columns', () => {
    const text = generalHelp(VERBS);
    for (const verb of VERBS) expect(text).toContain(`  ${verb.name} `);
    expect(text.split('\n').filter((line) => [...line].length > 80)).toEqual([]);
    expect(text).toMatchSnapshot();
  });
});
