/** stdout is the answer, stderr is the talk. Colour only on a terminal that wants it. */

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
  let statusLines = 0;
  const clearStatus = () => {
    if (statusLines > 0) stderr.write(`\x1b[${statusLines}F\x1b[0J`);
    statusLines = 0;
  };
  return {
    isTerminal,
    hasColour: isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
    columns: stderr.columns ?? 80,
    out: (text) => {
      clearStatus();
      stdout.write(`${text}\n`);
    },
    talk: (text) => {
      clearStatus();
      stderr.write(`${text}\n`);
    },
    status: (text) => {
      if (!isTerminal) {
        stderr.write(`${text}\n`);
        return;
      }
      clearStatus();
      stderr.write(`${text}\n`);
      statusLines = text.split('\n').length;
    },
  };
}

const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;

export function styled(terminal: Pick<Terminal, 'hasColour'>, style: keyof typeof STYLES, text: string): string {
  return terminal.hasColour ? `\x1b[${STYLES[style]}m${text}\x1b[0m` : text;
}
