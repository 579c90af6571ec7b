import { parseArgs } from 'node:util';
import { asLakehaulError, LakehaulError } from '@lakehaul/core';
import { ERROR_JSON, printJson } from './json/common.ts';
import { generalHelp, verbHelp } from './print/help.ts';
import { problemJson, problemText } from './print/problem.ts';
import { createTerminal, type Stream } from './print/terminal.ts';
import { EXIT, exitCodeOf, type Flag, type Verb, type VerbCall } from './verb.ts';
import { VERBS } from './verbs/index.ts';

export interface CommandCall {
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  stdout: Stream;
  stderr: Stream;
  signal: AbortSignal;
  ask?: (question: string) => Promise<string>;
}

/** Only these have statements to hand over. */
const HAULS: ReadonlySet<string> = new Set(['run', 'demo']);
const DRAINING = `draining: running statements are handed over; once more stops at once.
Run the same command again to resume.`;

export async function runCommand(call: CommandCall): Promise<number> {
  const terminal = createTerminal(call.stdout, call.stderr, call.env);
  const [name, ...rest] = call.argv;
  // As talk: a status line that is replaced afterwards would take the last of these lines with it.
  const told = HAULS.has(name ?? '') ? DRAINING : 'stopping; once more stops at once';
  call.signal.addEventListener('abort', () => terminal.talk(told), { once: true });
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const asked = VERBS.find((verb) => verb.name === rest[0]);
    terminal.out(asked === undefined ? generalHelp(VERBS) : verbHelp(asked));
    return name === undefined ? EXIT.usage : EXIT.done;
  }
  const isJson = rest.includes('--json');
  try {
    const verb = VERBS.find((candidate) => candidate.name === name);
    if (verb === undefined)
      throw new LakehaulError('USAGE', `there is no verb ${name}`, {
        next: `one of ${VERBS.map((each) => each.name).join(', ')}`,
      });
    const parsed = parseFlags(verb, rest, call.env);
    if (parsed.flags['help'] === true) {
      terminal.out(verbHelp(verb));
      return EXIT.done;
    }
    refuseSurplus(verb, parsed.operands);
    return await verb.run({
      ...parsed,
      terminal,
      env: call.env,
      signal: call.signal,
      ...(call.ask === undefined ? {} : { ask: call.ask }),
    });
  } catch (thrown) {
    const error = asLakehaulError(thrown);
    if (isJson) printJson(terminal, ERROR_JSON, { error: problemJson(error) });
    terminal.talk(problemText(terminal, error));
    if (error.code === 'INTERNAL' && error.cause instanceof Error && call.env['LAKEHAUL_DEBUG'] !== undefined)
      terminal.talk(error.cause.stack ?? '');
    return exitCodeOf(error.code);
  }
}

/** A word that nobody reads is a mistake of the person who typed it: `seal a b` must not seal a alone. */
function refuseSurplus(verb: Verb, operands: readonly string[]): void {
  const most = mostOperands(verb.operands);
  const surplus = operands[most];
  if (surplus === undefined) return;
  const takes = most === 0 ? 'no operand' : most === 1 ? 'one operand' : `at most ${most} operands`;
  throw new LakehaulError('USAGE', `${verb.name} takes ${takes}, and ${JSON.stringify(surplus)} is one more`, {
    next: `lakehaul ${verb.name} --help`,
  });
}

/** By the usage line: words of the longest alternative; … takes any number. */
function mostOperands(usage: string): number {
  if (usage.includes('…')) return Number.POSITIVE_INFINITY;
  const alternatives = usage.split(' | ').map((each) => each.split(' ').filter((word) => word !== '').length);
  return Math.max(...alternatives);
}

function parseFlags(
  verb: Verb,
  argv: readonly string[],
  env: CommandCall['env'],
): Pick<VerbCall, 'operands' | 'flags'> {
  const given = (flag: Flag) => (flag.env === undefined ? '' : (env[flag.env] ?? ''));
  const options = Object.fromEntries(
    verb.flags.map((flag) => [
      flag.name,
      { type: flag.value === undefined ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
    const defaults = Object.fromEntries(
      verb.flags
        .filter((flag) => flag.default !== undefined && flag.value !== undefined)
        .map((flag) => [flag.name, given(flag) || flag.default]),
    );
    return { operands: positionals, flags: { ...defaults, ...values } };
  } catch (thrown) {
    // Node adds how to write an operand that begins with a dash: of ours none does.
    const message = (thrown instanceof Error ? thrown.message : String(thrown)).replace(
      /\. To specify a positional.*$/s,
      '',
    );
    throw new LakehaulError('USAGE', message, { next: `lakehaul ${verb.name} --help` });
  }
}
