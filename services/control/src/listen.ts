/** The API on its port, or why not in words that a person can act on. */
import { LakehaulError } from '@lakehaul/core';
import type { FastifyInstance } from 'fastify';

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken by another process',
  EACCES: 'may not be used by this user',
  EADDRNOTAVAIL: 'is no address of this machine',
  ENOTFOUND: 'is no address that is known',
};

/** The port that it listens on: of 0 a free one. CONFIG_INVALID when the configured one cannot be had. */
export async function listenOn(
  app: Pick<FastifyInstance, 'listen' | 'server'>,
  { host, port }: { host: string; port: number },
): Promise<number> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
    const why = WHY[code];
    if (why === undefined) throw cause;
    throw new LakehaulError('CONFIG_INVALID', `${host}:${port}, where the API would listen, ${why}`, {
      cause,
      where: 'control.port',
      next: 'end the other one, or set control.port (0 takes any free one) or control.host in lakehaul.yaml',
    });
  }
  const address = app.server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}
