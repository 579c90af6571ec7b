/** The configuration read from a file, and a session over it. */
import { readFile } from 'node:fs/promises';
import { LakehaulError } from '@lakehaul/core';
import { openSession as openFleetSession, type Session, type SessionOptions } from '@lakehaul/fleet';
import { loadMigrationConfig, type MigrationConfig } from '@lakehaul/runtime';
import { problemsText } from './print/config-problems.ts';
import type { VerbCall } from './verb.ts';

export async function readConfig(call: VerbCall): Promise<MigrationConfig> {
  const path = String(call.flags['config'] ?? 'lakehaul.yaml');
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new LakehaulError('CONFIG_INVALID', `${path} cannot be read`, {
      cause,
      where: path,
      next: 'name it with --config or LAKEHAUL_CONFIG (a sandbox: . .lakehaul/sandbox/env), or copy lakehaul.example.yaml',
    });
  });
  const result = loadMigrationConfig({ path, text, env: call.env });
  if ('problems' in result) throw new LakehaulError('CONFIG_INVALID', problemsText(result.problems), { where: path });
  return result.config;
}

/** The log is silent unless the verb says where it goes: what a verb has to tell, it tells in its own words. */
export async function openSession(call: VerbCall, options: SessionOptions = {}): Promise<Session> {
  return openFleetSession(await readConfig(call), { logTo: () => undefined, ...options });
}
