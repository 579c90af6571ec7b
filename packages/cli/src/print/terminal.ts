/** stdout is the answer, stderr is the talk. Colour only on a terminal that wants it. */

import { cutText, safeText, wrapText } from './safe-text.ts';

export interface Terminal {
  isTerminal: boolean;
  hasColour: boolean;
  columns: number;
  out(text: string): void;
  talk(text: string): void;
  /** Replaces the last status line on a terminal; a plain line elsewhere. */
  status(text: string): void;
}

export interface Stream {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

export function createTerminal(
  stdout: Stream,
  stderr: Stream,
  env: Readonly<Record<string, string | undefined>>,
): Terminal {
  const isTerminal = stderr.isTTY === true;
  const columns = stderr.columns ?? stdout.columns ?? 80;
  let statusLines = 0;
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
