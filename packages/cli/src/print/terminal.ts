/** stdout is the answer, stderr is the talk. Colour only on a terminal that wants it. */

import { cutText, safeText, wrapText } from './safe-text.ts';

export interface Terminal {
  isTerminal: boolean;
  hasColour: boolean;
  columns: number;
  out(text: string): void;
  talk(text: string): void;
  /** Replaces the last status line on a terminal; elsewhere a plain line, one in five seconds. */
  status(text: string): void;
}

export interface Stream {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** In a log a line now and then is enough. */
const PLAIN_STATUS_EVERY_MS = 5_000;

export function createTerminal(
  stdout: Stream,
  stderr: Stream,
  env: Readonly<Record<string, string | undefined>>,
  nowMs: () => number = () => performance.now(),
): Terminal {
  const isTerminal = stderr.isTTY === true;
  const columns = stderr.columns ?? stdout.columns ?? 80;
  let statusLines = 0;
  let lastStatusMs = Number.NEGATIVE_INFINITY;
  const clearStatus = () => {
    if (statusLines > 0) stderr.write(`\x1b[${statusLines}F\x1b[0J`);
    statusLines = 0;
  };
  return {
    isTerminal,
    hasColour: isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
    columns,
    out: (text) => {
      clearStatus();
      // A pipe gets the bytes as they are; a terminal must not be steered by them.
      stdout.write(`${stdout.isTTY === true ? wrapText(safeText(text), columns) : text}\n`);
    },
    talk: (text) => {
      clearStatus();
      stderr.write(`${isTerminal ? wrapText(safeText(text), columns) : safeText(text)}\n`);
    },
    status: (text) => {
      if (!isTerminal) {
        if (nowMs() - lastStatusMs < PLAIN_STATUS_EVERY_MS) return;
        lastStatusMs = nowMs();
        stderr.write(`${safeText(text)}\n`);
        return;
      }
      clearStatus();
      // A line that wraps would be two to take back.
      const lines = safeText(text)
        .split('\n')
        .map((line) => cutText(line, columns));
      stderr.write(`${lines.join('\n')}\n`);
      statusLines = lines.length;
    },
  };
}

const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;

export function styled(terminal: Pick<Terminal, 'hasColour'>, style: keyof typeof STYLES, text: string): string {
  return terminal.hasColour ? `\x1b[${STYLES[style]}m${text}\x1b[0m` : text;
}
