import type { Verb } from '../verb.ts';

const EXIT_CODES = 'exit codes: 0 done, 1 failed, 2 usage, 3 refused by a rule, 4 not proven';

export function generalHelp(verbs: readonly Verb[]): string {
  const width = Math.max(...verbs.map((verb) => verb.name.length));
  return [
    'lakehaul moves a Redshift warehouse to Delta tables on Databricks and proves every row.',
    '',
    'usage: lakehaul VERB [OBJECT] [FLAGS]',
    '',
    ...verbs.map((verb) => `  ${verb.name.padEnd(width)}  ${verb.summary}`),
    '',
    'lakehaul VERB --help tells more. Try first: lakehaul demo',
    EXIT_CODES,
  ].join('\n');
}

export function verbHelp(verb: Verb): string {
  const names = verb.flags.map((flag) => `--${flag.name}${flag.value === undefined ? '' : ` ${flag.value}`}`);
  const width = Math.max(...names.map((name) => name.length));
  return [
    `lakehaul ${verb.name}: ${verb.summary}`,
    '',
    `usage: lakehaul ${[verb.name, verb.operands].filter((part) => part !== '').join(' ')} [FLAGS]`,
    `example: ${verb.example}`,
    ...(verb.details === undefined ? [] : ['', ...verb.details.map((line) => `  ${line}`)]),
    '',
    ...verb.flags.map(
      (flag, index) =>
        `  ${(names[index] ?? '').padEnd(width)}  ${flag.doc}${flag.default === undefined ? '' : ` (default ${flag.default})`}`,
    ),
    '',
    EXIT_CODES,
  ].join('\n');
}
