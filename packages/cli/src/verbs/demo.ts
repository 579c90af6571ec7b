import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { asLakehaulError } from '@lakehaul/core';
import { startSandbox } from '@lakehaul/sandbox';
import { runDemo } from '../demo/run-demo.ts';
import { printJson } from '../json/common.ts';
import { DEMO_JSON } from '../json/status.ts';
import { statusText } from '../print/status.ts';
import { count, counted, duration } from '../print/units.ts';
import { shortPath } from '../sandbox/env-file.ts';
import { EXIT, logLevel, type Verb, wholeNumber } from '../verb.ts';

export const demo: Verb = {
  name: 'demo',
  operands: '',
  summary: 'the main job on this machine: start the local clouds, migrate real data, prove it, decide',
  example: 'lakehaul demo --json --exit',
  details: [
    'Nothing leaves the machine and no account is needed. Run again on the same state, nothing is unloaded twice.',
  ],
  flags: [
    { name: 'json', doc: 'print one JSON document on stdout' },
    { name: 'exit', doc: 'end when the decision is made; without it the local clouds stay up until Ctrl-C' },
    { name: 'directory', value: 'DIR', doc: 'where the demo keeps its state', default: '.lakehaul/demo' },
    { name: 'reset', doc: 'forget the state of earlier runs first' },
    { name: 'rows', value: 'N', doc: 'at most N rows of each table, for a quick look; counts on new state' },
    { name: 'log', value: 'LEVEL', doc: 'JSON log lines on stderr: debug, info, warn, error' },
    { name: 'help', doc: 'print this text' },
  ],
  json: [{ command: 'demo', says: 'What was hauled and proven, and the decision.', shape: DEMO_JSON }],
  async run({ flags, terminal, signal, env }) {
    const directory = resolve(String(flags['directory']));
    const rows = flags['rows'] === undefined ? Number.MAX_SAFE_INTEGER : wholeNumber('rows', flags['rows']);
    if (flags['reset'] === true) await reset(directory);
    await using demo = await runDemo({
      directory,
      terminal,
      signal,
      env,
      logLevel: flags['log'] === undefined ? null : logLevel(flags['log']),
      maxRows: rows,
    });
    const { result, report } = demo;
    if (flags['json'] === true) printJson(terminal, DEMO_JSON, result);
    else {
      terminal.out(statusText(report, terminal));
      terminal.out(
        `${counted(result.totals.rows, 'row')} in ${duration(result.durationSeconds * 1000)}; ${counted(result.unloadsStarted, 'UNLOAD')} started; ${counted(result.live.written, 'live row')} written meanwhile, ${count(result.live.unchanged)} of them untouched`,
      );
    }
    const isProven =
      result.evidence === 'PASS' &&
      result.live.unchanged === result.live.written &&
      result.live.found === result.live.written;
    if (flags['exit'] !== true && !signal.aborted) {
      terminal.talk(
        `the local clouds stay up until Ctrl-C; in another terminal:\n  . ${shortPath(join(directory, 'env'))}; ./lakehaul status`,
      );
      await new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
    }
    return isProven ? EXIT.done : EXIT.notProven;
  },
};

/** Never of a demo that runs: its ledger would be gone from under it. What else is wrong with the state is why it goes. */
async function reset(directory: string): Promise<void> {
  const clouds = join(directory, 'clouds');
  if (existsSync(clouds))
    try {
      await (await startSandbox({ directory: clouds }))[Symbol.asyncDispose]();
    } catch (thrown) {
      if (asLakehaulError(thrown).code === 'USAGE') throw thrown;
    }
  await rm(directory, { recursive: true, force: true });
}
