/** Headers for the collector, from a file: `Name: value` a line. They are secrets, and may be rotated. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { LakehaulError } from '@lakehaul/core';

/** Refuses a file that cannot be read now; later the last headers that could be read go on to be sent. */
export function headersOf(path: string): () => Promise<Record<string, string>> {
  let last = parseHeaders(path, readNow(path));
  return async () => {
    // The SDK wants a factory that never throws.
    try {
      last = parseHeaders(path, await readFile(path, 'utf8'));
    } catch {
      // Perhaps it is just being written.
    }
    return last;
  };
}

function readNow(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new LakehaulError('CONFIG_INVALID', `${path} cannot be read`, { where: 'tracing.headersFile', cause });
  }
}

function parseHeaders(path: string, text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return Object.fromEntries(
    lines.map((line, index) => {
      const [, name = '', value = ''] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*(.*?)\s*$/.exec(line) ?? [];
      // Without the line itself, which may be the secret.
      if (name === '')
        throw new LakehaulError('CONFIG_INVALID', `line ${index + 1} of ${path} is not Name: value`, {
          where: 'tracing.headersFile',
        });
      return [name, value];
    }),
  );
}
