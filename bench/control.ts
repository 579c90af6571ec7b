/**
 * The API over a million chunks against a bare fastify that answers with the same bytes: 50 connections, turn by turn, while the
 * read model looks at the ledger every two seconds. Bound: three times the latency, at the middle and at p99; memory that stays.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const PATHS = ['/v1/status', '/v1/chunks', '/v1/chunks?quarantined=true'];
const TURN_MS = 5_000;
const BOUND = 3;

export async function bench(args: readonly string[]): Promise<Record<string, string | number | boolean>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      chunks: { type: 'string', default: '1000000' },
      seconds: { type: 'string', default: '60' },
      connections: { type: 'string', default: '50' },
    },
  });
  const token = randomBytes(32).toString('hex');
  const control = start('control', values.chunks, token);
  const refreshesMs: number[] = [];
  control.on(
    'message',
    (told: { refreshMs?: number }) => void (told.refreshMs !== undefined && refreshesMs.push(told.refreshMs)),
  );
  const bare = start('bare');
  try {
    const controlPort = await answerOf<number>(control, (told) => typeof told === 'number');
    const bodies = Object.fromEntries(
      await Promise.all(PATHS.map(async (path) => [path, await fetched(controlPort, path, token)] as const)),
    );
    // A bare route knows no query: one path for each.
    const barePaths = new Map(PATHS.map((path, index) => [path, `/bare/${index}`]));
    bare.send(Object.fromEntries(PATHS.map((path) => [barePaths.get(path), bodies[path]])));
    const barePort = await answerOf<number>(bare, (told) => typeof told === 'number');
    const result: Record<string, string | number | boolean> = {
      chunks: Number(values.chunks),
      connections: Number(values.connections),
    };
    let worst = 0;
    for (const path of PATHS) {
      const sides = [
        { port: controlPort, path, latenciesMs: [] as number[], isFirst: true },
        { port: barePort, path: barePaths.get(path) ?? '', latenciesMs: [] as number[], isFirst: false },
      ];
      const before = await memoryOf(control);
      for (let spentMs = 0; spentMs < Number(values.seconds) * 1_000; spentMs += TURN_MS)
        for (const side of sides)
          side.latenciesMs.push(...(await load({ ...side, token, connections: Number(values.connections) })));
      const after = await memoryOf(control);
      const [ours, theirs] = sides.map((side) => side.latenciesMs.sort((a, b) => a - b));
      const ratio = (at: number) => Number((quantile(ours ?? [], at) / quantile(theirs ?? [], at)).toFixed(2));
      const name = path.replace('/v1/', '');
      result[`${name} p50Ms`] = Number(quantile(ours ?? [], 0.5).toFixed(2));
      result[`${name} p50Ratio`] = ratio(0.5);
      result[`${name} p99Ms`] = Number(quantile(ours ?? [], 0.99).toFixed(2));
      result[`${name} p99Ratio`] = ratio(0.99);
      result[`${name} requests`] = ours?.length ?? 0;
      result[`${name} bytes`] = Buffer.byteLength(bodies[path] ?? '');
      result[`${name} rssGrowthBytes`] = after - before;
      worst = Math.max(worst, ratio(0.5), ratio(0.99));
    }
    result['rssBytes'] = await memoryOf(control);
    result['refreshMs'] = Math.round(
      quantile(
        refreshesMs.sort((a, b) => a - b),
        0.5,
      ),
    );
    result['isWithinBound'] = worst <= BOUND;
    return result;
  } finally {
    control.kill('SIGKILL');
    bare.kill('SIGKILL');
  }
}

function start(...args: string[]): ChildProcess {
  return fork(join(import.meta.dirname, 'control-process.ts'), args, { execArgv: process.execArgv });
}

function answerOf<T>(child: ChildProcess, is: (told: unknown) => boolean): Promise<T> {
  return new Promise((resolve, reject) => {
    const hear = (told: unknown) => {
      if (!is(told)) return;
      child.off('message', hear);
      resolve(told as T);
    };
    child.on('message', hear);
    child.once('exit', (code) => reject(new Error(`the process ended with status ${code}`)));
  });
}

async function memoryOf(child: ChildProcess): Promise<number> {
  const answer = answerOf<{ rssBytes: number }>(
    child,
    (told) => typeof told === 'object' && told !== null && 'rssBytes' in told,
  );
  child.send('memory');
  return (await answer).rssBytes;
}

async function fetched(port: number, path: string, token: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: `Bearer ${token}` } });
  if (response.status !== 200) throw new Error(`${path} answered ${response.status}`);
  return response.text();
}

/** Latencies of one turn: each connection asks again as soon as it has its answer. */
async function load(side: { port: number; path: string; token: string; connections: number }): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: side.connections });
  const latenciesMs: number[] = [];
  const endMs = performance.now() + TURN_MS;
  const headers = { authorization: `Bearer ${side.token}` };
  const once = () =>
    new Promise<void>((resolve, reject) => {
      const startMs = performance.now();
      get({ host: '127.0.0.1', port: side.port, path: side.path, agent, headers }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`${side.path} answered ${response.statusCode}`));
        response.resume().once('end', () => {
          latenciesMs.push(performance.now() - startMs);
          resolve();
        });
      }).once('error', reject);
    });
  await Promise.all(
    Array.from({ length: side.connections }, async () => {
      while (performance.now() < endMs) await once();
    }),
  );
  agent.destroy();
  return latenciesMs;
}

function quantile(sorted: readonly number[], at: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))] ?? Number.NaN;
}
