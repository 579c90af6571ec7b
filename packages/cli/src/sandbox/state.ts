/** Where a running sandbox can be found: `<directory>/sandbox.json`, written by `sandbox up` and removed when it stops. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LakehaulError } from '@lakehaul/core';
import type { SandboxCredentials, SandboxEndpoints } from '@lakehaul/sandbox';

export interface SandboxState {
  pid: number;
  endpoints: SandboxEndpoints;
  credentials: SandboxCredentials;
}

export const SANDBOX_DIRECTORY = '.lakehaul/sandbox';

const file = (directory: string) => join(directory, 'sandbox.json');

export async function writeState(directory: string, state: SandboxState): Promise<void> {
  // The credentials are the sandbox's own and open nothing else; the file is private all the same.
  await writeFile(file(directory), JSON.stringify(state, null, 2), { mode: 0o600 });
}

export async function removeState(directory: string): Promise<void> {
  await rm(file(directory), { force: true });
}

/** Null when no sandbox runs in the directory. */
export async function readState(directory: string): Promise<SandboxState | null> {
  const text = await readFile(file(directory), 'utf8').catch(() => null);
  if (text === null) return null;
  const state = JSON.parse(text) as SandboxState;
  return isAlive(state.pid) ? state : null;
}

export async function mustState(directory: string): Promise<SandboxState> {
  const state = await readState(directory);
  if (state === null)
    throw new LakehaulError('UNREACHABLE', `no sandbox runs in ${directory}`, {
      next: 'start one in another terminal: lakehaul sandbox up',
    });
  return state;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
