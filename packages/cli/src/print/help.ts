import type { Verb } from '../verb.ts';

const EXIT_CODES = 'exit codes: 0 done, 1 failed, 2 usage, 3 refused by a rule, 4 not proven';

const WIDTH = 80;

export function generalHelp(verbs: readonly Verb[]): string {
  const width = Math.max(...verbs.map((verb) => verb.name.length));
  return [
    ...wrap('lakehaul moves a Redshift warehouse to Delta tables on Databricks and proves every row.', 0),
    '',
    'usage: lakehaul VERB [OBJECT] [FLAGS]',
    '',
    ...verbs.flatMap((verb) => entry(verb.name.padEnd(width), verb.summary)),
    '',
    'lakehaul VERB --help tells more. Try first: lakehaul demo',
    EXIT_CODES,
  ].join('\n');
}

export function verbHelp(verb: Verb): string {
  const names = verb.flags.map((flag) => `--${flag.name}${flag.value === undefined ? '' : ` ${flag.value}`}`);
  const width = Math.max(...names.map((name) => name.length));
  return [
    ...wrap(`lakehaul ${verb.name}: ${verb.summary}`, 2),
    '',
    ...wrap(`usage: lakehaul ${[verb.name, verb.operands].filter((part) => part !== '').join(' ')} [FLAGS]`, 7),
    `example: ${verb.example}`,
    ...(verb.details === undefined ? [] : ['', ...verb.details.flatMap((line) => detail(line))]),
    '',
    ...verb.flags.flatMap((flag, index) =>
      entry((names[index] ?? '').padEnd(width), `${flag.doc}${defaultText(flag)}`),
    ),
    '',
    EXIT_CODES,
  ].join('\n');
}

function defaultText({ env, default: fallback }: Verb['flags'][number]): string {
  if (fallback === undefined) return '';
  return env === undefined ? ` (default ${fallback})` : ` (default ${env}, else ${fallback})`;
}

/** A term with its explanation hanging beside it. */
function entry(term: string, text: string): string[] {
  const indent = term.length + 4;
  return wrap(text, 0, WIDTH - indent).map((line, index) =>
    index === 0 ? `  ${term}  ${line}` : `${' '.repeat(indent)}${line}`,
  );
}

/** A detail is prose, or a term and its explanation with two or more blanks between them. */
function detail(line: string): string[] {
  const parts = /^(\S.*?)( {2,})(.+)$/.exec(line);
  if (parts === null) return wrap(line, 0, WIDTH - 2).map((each) => `  ${each}`);
  return entry(`${parts[1]}${(parts[2] ?? '').slice(2)}`, parts[3] ?? '');
}

function wrap(text: string, indent: number, width = WIDTH): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line.trim() !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = ' '.repeat(indent) + word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
