/** Starts a private Redis, prints its URL and waits to be killed. */
import type { Log } from '@lakehaul/core';
import { findBinary, startPrivateRedis } from '../private-redis.ts';

const log: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => log,
};
const binary = await findBinary(['redis-server', 'valkey-server'], process.env['PATH'] ?? '');
const server = await startPrivateRedis(binary ?? '', { log });
process.stdout.write(`${server.url}\n`);
setInterval(() => undefined, 1_000);
