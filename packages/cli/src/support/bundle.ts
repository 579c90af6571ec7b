/** Gathers a support bundle; what cannot be read is told and does not keep the rest from being sent. */
import { createHash } from 'node:crypto';
import { asLakehaulError, LakehaulError } from '@lakehaul/core';
import type { Section } from './sections.ts';

export interface BundleFile {
  name: string;
  says: string;
  /** Null when it was not made: a dry run does not probe. */
  sizeBytes: number | null;
  sha256: string | null;
  /** Code of what kept us from gathering it. */
  problem: string | null;
}

export interface Bundle {
  files: ReadonlyMap<string, string>;
  listing: BundleFile[];
}

export async function gatherBundle(
  sections: readonly Section[],
  options: { isDryRun: boolean; atMs: number; secrets: readonly string[] },
): Promise<Bundle> {
  const files = new Map<string, string>();
  const listing: BundleFile[] = [];
  for (const { file, says, isProbing, gather } of sections) {
    if (options.isDryRun && isProbing === true) {
      listing.push({ name: file, says, sizeBytes: null, sha256: null, problem: null });
      continue;
    }
    const made = await gather().then(
      (value) => ({ value, problem: null }),
      (thrown: unknown) => ({
        value: { problem: asLakehaulError(thrown).code },
        problem: asLakehaulError(thrown).code,
      }),
    );
    const text = `${JSON.stringify(made.value, null, 2)}\n`;
    files.set(file, text);
    const sha256 = createHash('sha256').update(text).digest('hex');
    listing.push({ name: file, says, sizeBytes: Buffer.byteLength(text), sha256, problem: made.problem });
  }
  files.set(
    'manifest.json',
    `${JSON.stringify({ schemaVersion: 1, at: new Date(options.atMs), files: listing }, null, 2)}\n`,
  );
  refuseSecrets(files, options.secrets);
  return { files, listing };
}

/** The last line behind the lists of the redactor: a bundle with a secret in it is never written. */
export function refuseSecrets(files: ReadonlyMap<string, string>, secrets: readonly string[]): void {
  for (const [name, text] of files)
    if (secrets.some((secret) => text.includes(secret)))
      throw new LakehaulError('INTERNAL', `${name} of the support bundle would hold a secret; nothing was written`, {
        disposition: 'refuse',
        next: 'report this without the bundle',
      });
}

/** Secrets that this process knows of: values of the environment under a telling name. */
export function secretsOf(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && value.length >= 8 && /TOKEN|SECRET|PASSWORD|ACCESS_KEY|REDIS_URL/.test(name) ? [value] : [],
  );
}
