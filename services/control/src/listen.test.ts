import Fastify from 'fastify';
import { expect, it } from 'vitest';
import { listenOn } from './listen.ts';

it('a port that is taken is told as one, with what to do; 0 takes a free one', async () => {
  const [first, second] = [Fastify(), Fastify()];
  const port = await listenOn(first, { host: '127.0.0.1', port: 0 });
  expect(port).toBeGreaterThan(0);
  await expect(listenOn(second, { host: '127.0.0.1', port })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: `127.0.0.1:${port}, where the API would listen, is taken by another process`,
    next: expect.stringContaining('control.port'),
  });
  // TEST-NET-1 (RFC 5737): nobody's.
  await expect(listenOn(second, { host: '192.0.2.1', port: 0 })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await Promise.all([first.close(), second.close()]);
});
