/** A Redis of a drill: on a fixed port, so that it can go and come back; nobody else's. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@lakehaul/queue';

export interface DrillRedis extends AsyncDisposable {
  url: string;
  flush(): Promise<void>;
  /** Keeps what it knows now for a later restart with `old`. */
  snapshot(): Promise<void>;
  freeze(): void;
  thaw(): void;
  kill(): Promise<void>;
  start(back: 'empty' | 'old'): Promise<void>;
  setFull(isFull: boolean): Promise<void>;
  setDiskFull(isFull: boolean): Promise<void>;
}

const START_LIMIT_MS = 10_000;

export async function startDrillRedis(binary: string): Promise<DrillRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'lakehaul-drill-redis-'));
  const data = await mkdtemp(join(tmpdir(), 'lakehaul-drill-data-'));
  const port = await freePort();
  const password = randomBytes(24).toString('hex');
  const file = join(directory, 'redis.conf');
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `requirepass ${password}`,
    `dir "${data}"`,
    'save ""',
    'appendonly no',
    'maxmemory-policy noeviction',
  ];
  await writeFile(file, lines.join('\n'), { mode: 0o600 });
  let child: ChildProcess | null = null;

  const ask = (...commands: string[]): Promise<string> => command(port, [`AUTH ${password}`, ...commands]);
  const launch = async (): Promise<void> => {
    child = spawn(binary, [file], { stdio: 'ignore' });
    const endMs = performance.now() + START_LIMIT_MS;
    while (!(await ask('PING').catch(() => '')).includes('PONG')) {
      if (performance.now() > endMs) throw new Error(`redis-server did not answer within ${START_LIMIT_MS} ms`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const kill = async (): Promise<void> => {
    const running = child;
    child = null;
    if (running === null || running.exitCode !== null || running.signalCode !== null) return;
    const isOver = once(running, 'exit');
    running.kill('SIGKILL');
    await isOver;
  };
  await launch();
  return {
    url: `redis://:${password}@127.0.0.1:${port}`,
    flush: async () => void (await ask('FLUSHALL')),
    snapshot: async () => void (await ask('SAVE')),
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    kill,
    async start(back) {
      if (back === 'empty') await rm(join(data, 'dump.rdb'), { force: true });
      await launch();
    },
    setFull: async (isFull) => void (await ask(`CONFIG SET maxmemory ${isFull ? '1mb' : '0'}`)),
    async setDiskFull(isFull) {
      // A directory that is gone is as good as a full disk: BGSAVE fails, and with save points set Redis refuses writes.
      if (isFull) await rm(data, { recursive: true, force: true });
      await ask(`CONFIG SET save "${isFull ? '3600 1' : ''}"`, ...(isFull ? ['BGSAVE'] : []));
    },
    async [Symbol.asyncDispose]() {
      child?.kill('SIGCONT');
      await kill();
      await rm(directory, { recursive: true, force: true });
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** Inline commands need no client; answers are joined. Throws what Redis refuses. */
async function command(port: number, commands: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    let answer = '';
    for (const text of commands) {
      socket.write(`${text}\r\n`);
      const [bytes] = (await once(socket, 'data')) as [Buffer];
      answer += bytes.toString();
      if (bytes.toString().startsWith('-')) throw new Error(`${text.split(' ')[0]}: ${bytes.toString().trim()}`);
    }
    return answer;
  } finally {
    socket.destroy();
  }
}
