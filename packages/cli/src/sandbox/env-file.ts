/** What a second terminal needs to work with local clouds: a file to read with `.` in a shell. */
import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { SandboxCredentials } from '@lakehaul/sandbox';

export interface EnvFileRequest {
  directory: string;
  credentials: Pick<SandboxCredentials, 'accessKeyId' | 'secretAccessKey' | 'token'>;
  /** Of the API that runs already; absent: the one that `run --serve` begins. */
  controlUrl?: string;
}

/** The file's path. Private, though what is in it opens nothing but the local clouds. */
export async function writeEnvFile({ directory, credentials, controlUrl }: EnvFileRequest): Promise<string> {
  const path = join(directory, 'env');
  const values = {
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    LAKEHAUL_TARGET_TOKEN: credentials.token,
    LAKEHAUL_CONFIG: join(directory, 'lakehaul.yaml'),
    LAKEHAUL_CONTROL_TOKEN_FILE: join(directory, 'token.operator'),
    ...(controlUrl === undefined ? {} : { LAKEHAUL_CONTROL_URL: controlUrl }),
  };
  await writeFile(path, Object.entries(values).map(line).join(''), { mode: 0o600 });
  return path;
}

function line([name, value]: [string, string]): string {
  return `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`;
}

/** As one would type it here. */
export function shortPath(path: string): string {
  const here = relative('.', path);
  return here === '' || here.startsWith('..') ? path : here;
}
