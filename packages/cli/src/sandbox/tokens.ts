/** Two people's tokens for the API of a sandbox: one steers, the other one approves what the first proposed. */
import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';

const PEOPLE = { operator: 'you', approver: 'colleague' } as const;

export interface SandboxTokens {
  /** What `control.tokensFile` names: digests only. */
  tokensFile: string;
  operator: string;
  approver: string;
}

/** The tokens themselves are in `token.operator` and `token.approver` beside it; those of an earlier start stay. */
export async function sandboxTokens(directory: string): Promise<SandboxTokens> {
  const [operator, approver] = [await tokenIn(directory, 'operator'), await tokenIn(directory, 'approver')];
  const tokensFile = join(directory, 'tokens.yaml');
  const entry = (role: keyof typeof PEOPLE, token: string) => ({
    id: PEOPLE[role],
    roles: [role],
    sha256: createHash('sha256').update(token).digest('hex'),
  });
  await writeFile(tokensFile, stringify({ tokens: [entry('operator', operator), entry('approver', approver)] }));
  return { tokensFile, operator, approver };
}

async function tokenIn(directory: string, role: keyof typeof PEOPLE): Promise<string> {
  const path = join(directory, `token.${role}`);
  const known = await readFile(path, 'utf8').catch(() => '');
  if (/^[0-9a-f]{32}$/.test(known)) return known;
  // 128 bits, so that a link with it fits a line of 80 columns.
  const token = randomBytes(16).toString('hex');
  await writeFile(path, token, { mode: 0o600 });
  return token;
}
