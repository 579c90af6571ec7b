import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createLog, type LogOptions } from './log.ts';
import { Secret } from './secret.ts';

function capture(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const log = createLog({ write: (line) => lines.push(line), level: 'info', clock: { nowMs: () => 0 }, ...options });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? 'null') as Record<string, unknown> };
}

describe('the log', () => {
  it('writes one JSON object a line, with bound fields and exact bigints', () => {
    const { log, lines, last } = capture({ fields: { service: 'worker' } });
    log.with({ chunk: 't/g1/4' }).info('chunk loaded', { rowCount: 2n ** 63n, skipped: undefined, note: 'a\nb' });
    expect(lines[0]).not.toContain('\n');
    expect(last()).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      level: 'info',
      message: 'chunk loaded',
      service: 'worker',
      chunk: 't/g1/4',
      rowCount: '9223372036854775808',
      note: 'a\nb',
    });
  });

  it('writes nothing below its level', () => {
    const { log, lines } = capture({ level: 'warn' });
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');
    expect(lines).toHaveLength(2);
  });

  it('a field cannot pass for the line’s own', () => {
    const { log, last } = capture();
    log.info('true message', { message: 'forged', level: 'none' });
    expect(last()).toMatchObject({ message: 'true message', level: 'info', message_: 'forged', level_: 'none' });
  });

  it('a secret is redacted in production and throws in tests', () => {
    const fields = { token: new Secret('hunter2') } as never;
    const { log, lines } = capture();
    log.info('logged in', fields);
    expect(lines[0]).toContain('[redacted]');
    expect(lines[0]).not.toContain('hunter2');
    expect(() => capture({ isStrict: true }).log.info('logged in', fields)).toThrow('token is a secret');
  });
});

it('a secret does not show, however it is printed', () => {
  const secret = new Secret('hunter2');
  for (const text of [
    `${secret}`,
    String(secret),
    JSON.stringify({ secret }),
    inspect({ secret }, { showHidden: true }),
  ])
    expect(text).not.toContain('hunter2');
  expect(Object.keys(secret)).toEqual([]);
  expect(secret.reveal()).toBe('hunter2');
});
