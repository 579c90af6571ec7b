/**
 * A million chunks planned, written to the ledger and read back. The planner runs in a process of its own beside the
 * sandbox's S3, so that its memory is its own. Bound: 60 s and 700 MB at its peak.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BUCKET = 'ledger';
/** Of the throw-away S3 below, and of nothing else. */
const CREDENTIALS = ['bench', 'bench-secret'];
/** As in a container: without a limit V8 lets garbage lie while the machine has memory, and would be measured by that. */
const PLANNER_HEAP_MB = 576;

interface Measured extends Record<string, number> {
  chunks: number;
  seconds: number;
  /** The planner's peak, as the kernel saw it. */
  rssBytes: number;
}

export async function bench(): Promise<Measured> {
  const directory = await mkdtemp(join(tmpdir(), 'lakehaul-bench-'));
  const s3 = start('s3-process.ts', [directory, BUCKET, ...CREDENTIALS]);
  try {
    const { url } = await answerOf<{ url: string }>(s3);
    const heap = `--max-old-space-size=${PLANNER_HEAP_MB}`;
    return await answerOf<Measured>(start('plan-process.ts', [url, BUCKET, ...CREDENTIALS], [heap]));
  } finally {
    const gone = once(s3, 'exit');
    if (s3.kill()) await gone;
    await rm(directory, { recursive: true, force: true });
  }
}

function start(file: string, args: string[], flags: string[] = []): ChildProcess {
  return fork(join(import.meta.dirname, file), args, { execArgv: [...process.execArgv, ...flags] });
}

async function answerOf<T>(child: ChildProcess): Promise<T> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`a process of the bench ended with status ${code} before it had an answer`);
  });
  // It ends for good when it is no longer needed, and nobody waits for it then.
  ended.catch(() => undefined);
  const [answer] = (await Promise.race([once(child, 'message'), ended])) as [T];
  return answer;
}
