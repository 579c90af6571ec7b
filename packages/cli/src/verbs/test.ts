import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { EXIT, type Verb } from '../verb.ts';

const ROOT = join(import.meta.dirname, '../../../..');

export const test: Verb = {
  name: 'test',
  operands: '[FILTER…]',
  summary: 'type check, lint and run the tests',
  example: 'lakehaul test packages/planning',
  flags: [{ name: 'help', doc: 'print this text' }],
  async run({ operands, terminal }) {
    // With a filter only the tests that it names: the quick loop of somebody who changes something.
    const commands =
      operands.length > 0
        ? [['vitest', 'run', ...operands]]
        : [
            ['tsc', '--noEmit'],
            ['tsc', '--noEmit', '-p', 'services/control/web'],
            ['biome', 'check', '.'],
            ['vitest', 'run'],
          ];
    for (const [name = '', ...args] of commands) {
      terminal.talk(`lakehaul test: ${[name, ...args].join(' ')}`);
      const status = await runTool(join(ROOT, 'node_modules/.bin', name), args);
      if (status !== 0) return EXIT.failed;
    }
    return EXIT.done;
  },
};

function runTool(command: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit' });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
