/** Names and values may hold anything; what they hold must not steer a terminal. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these must not reach a terminal
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: our own colours, see terminal.ts
const OURS = /(\x1b\[(?:0|1|2|31|32|33)m|\n|\t)/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: colour sequences take no room
const COLOURS = /\x1b\[[0-9;]*m/g;

/** One line, no control character, no change of the writing direction. */
export function plainText(text: string): string {
  return text.replace(CONTROLS, '·');
}

/** Several lines with our own colours; every other control character is shown as a dot. */
export function safeText(text: string): string {
  return text
    .split(OURS)
    .map((part, index) => (index % 2 === 1 ? part : plainText(part)))
    .join('');
}

export function visibleLength(text: string): number {
  return [...text.replace(COLOURS, '')].length;
}

/** Cut to the width with …; a line with colours is cut without them. */
export function cutText(text: string, width: number): string {
  if (visibleLength(text) <= width) return text;
  return `${[...text.replace(COLOURS, '')].slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** Lines longer than the width are broken between words and hang by two; a longer word is left to the terminal. */
export function wrapText(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) => (visibleLength(line) <= width ? line : wrapLine(line, width)))
    .join('\n');
}

function wrapLine(line: string, width: number): string {
  const start = /^ */.exec(line)?.[0] ?? '';
  const lines: string[] = [];
  let current = start;
  let isBlank = true;
  for (const word of line.slice(start.length).split(' ')) {
    if (isBlank) current += word;
    else if (visibleLength(current) + 1 + visibleLength(word) <= width) current += ` ${word}`;
    else {
      lines.push(current.trimEnd());
      current = `${start}  ${word}`;
    }
    isBlank = false;
  }
  return [...lines, current].join('\n');
}
