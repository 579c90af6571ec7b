/** The offline audit of a sealed ledger of 100,000 chunks. Bound: 60 s. Generating the ledger is not measured. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeBenchLedger } from './audit-ledger.ts';

export async function bench(args: readonly string[]): Promise<Record<string, string | number | boolean>> {
  const { values } = parseArgs({ args: [...args], options: { chunks: { type: 'string', default: '100000' } } });
  const chunks = Number(values.chunks);
  const directory = await mkdtemp(join(tmpdir(), 'lakehaul-bench-audit-'));
  try {
    const startedMs = performance.now();
    const { publicKey } = await writeBenchLedger(directory, chunks);
    console.error(`a ledger of ${chunks} chunks written in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
    const child = fork(join(import.meta.dirname, 'audit-process.ts'), [directory, publicKey], {
      execArgv: process.execArgv,
    });
    const [answer] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => {
        throw new Error(`the audit ended with status ${code} before it had an answer`);
      }),
    ]);
    const { firstFinding, ...measured } = answer;
    if (measured.findings > 0) throw new Error(`the honest ledger is not clean: ${firstFinding}`);
    if (measured.proven !== chunks) throw new Error(`${measured.proven} chunks found proven, not ${chunks}`);
    return { chunks, ...measured };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
