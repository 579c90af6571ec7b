/** The `lakehaul` command in this process, over the local clouds; what it prints is held against its strict shape. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MigrationConfig } from '@lakehaul/runtime';
import { vi } from 'vitest';
import { runCommand } from '../../packages/cli/src/run-command.ts';
import { sandboxConfig } from '../../packages/cli/src/sandbox/config-text.ts';
import { VERBS } from '../../packages/cli/src/verbs/index.ts';
import type { World } from './world.ts';

export interface CommandLine {
  run(argv: readonly string[]): Promise<{ status: number; stdout: string; stderr: string }>;
  /** With --json; fails unless the command ends with 0 and stdout is one document of the verb's shape. */
  json(argv: readonly string[]): Promise<unknown>;
}

/** Credentials go into the process's environment, where the AWS clients look for them: `vi.unstubAllEnvs()` afterwards. */
export function commandLine(world: World, config: Pick<MigrationConfig, 'migration' | 'tables'>): CommandLine {
  const { credentials, endpoints } = world.clouds;
  const path = join(world.directory, `${config.migration}.yaml`);
  const { include, exclude } = config.tables;
  const caFile = join(world.directory, 'ca.pem');
  writeFileSync(path, sandboxConfig({ migration: config.migration, endpoints, caFile, tables: { include, exclude } }));
  const env = {
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    LAKEHAUL_TARGET_TOKEN: credentials.token,
    PATH: '',
  };
  for (const [name, value] of Object.entries(env)) if (name !== 'PATH') vi.stubEnv(name, value);
  const run: CommandLine['run'] = async (argv) => {
    let stdout = '';
    let stderr = '';
    const status = await runCommand({
      argv: [...argv, '--config', path],
      env,
      stdout: { write: (text) => (stdout += text) },
      stderr: { write: (text) => (stderr += text) },
      signal: new AbortController().signal,
    });
    return { status, stdout, stderr };
  };
  return {
    run,
    async json(argv) {
      const { status, stdout, stderr } = await run([...argv, '--json']);
      const document = JSON.parse(stdout === '' ? 'null' : stdout) as unknown;
      if (status !== 0 && argv[0] !== 'seal')
        throw new Error(`lakehaul ${argv.join(' ')} ended with ${status}: ${stderr}`);
      const shapes = (VERBS.find((verb) => verb.name === argv[0])?.json ?? []).filter(
        ({ command }) => command === argv[0] || command === argv.slice(0, 2).join(' '),
      );
      const [shape] = shapes.sort((a, b) => b.command.length - a.command.length);
      return shape === undefined ? document : shape.shape.parse(document);
    },
  };
}
