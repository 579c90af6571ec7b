/** Entry point of the `lakehaul` command: finds the verb, wires the terminal and the signals, ends with its exit code. */
import { createInterface } from 'node:readline/promises';
import { runCommand } from './run-command.ts';

const drain = new AbortController();
let interrupts = 0;
const interrupt = () => {
  interrupts++;
  if (interrupts > 1) process.exit(130);
  // After the ^C that the terminal shows; what it means is told by the command, which knows its status line.
  process.stderr.write('\n');
  drain.abort();
};
process.on('SIGINT', interrupt);
process.on('SIGTERM', interrupt);

async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // Ctrl-C and Ctrl-D are a no.
    return await lines.question(question, { signal: drain.signal }).catch(() => '');
  } finally {
    lines.close();
  }
}

const status = await runCommand({
  argv: process.argv.slice(2),
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: drain.signal,
  ...(process.stdin.isTTY && process.stderr.isTTY ? { ask } : {}),
});
// Drivers keep sockets alive for a while; the answer is out, so nothing is left to wait for.
process.exit(status);
