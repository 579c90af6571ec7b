import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { LakehaulError } from '@lakehaul/core';
import { printJson } from '../json/common.ts';
import { SUPPORT_BUNDLE_JSON } from '../json/surroundings.ts';
import { table } from '../print/table.ts';
import { size } from '../print/units.ts';
import { openSession } from '../session.ts';
import { type BundleFile, gatherBundle, secretsOf } from '../support/bundle.ts';
import { Redactor } from '../support/redactor.ts';
import { bundleSections } from '../support/sections.ts';
import { tarOf } from '../support/tar.ts';
import { COMMON_FLAGS, EXIT, type Verb, wholeNumber } from '../verb.ts';

export const supportBundle: Verb = {
  name: 'support-bundle',
  operands: '',
  summary: 'one file to send to whoever helps: states, plans, trails, codes; no secret and no row value',
  example: 'lakehaul support-bundle --dry-run',
  details: [
    'Hosts, buckets, accounts, secrets, key boundaries and the engines’ own messages are left out. Look into it before you send it: tar -xzf FILE.',
  ],
  flags: [
    ...COMMON_FLAGS,
    { name: 'out', value: 'FILE', doc: 'where to write it; else lakehaul-support-TIME.tar.gz here' },
    { name: 'hash-names', doc: 'also hash the names of schemas, tables and columns' },
    { name: 'chunks', value: 'N', doc: 'trails of at most N troubled chunks, worst first', default: '50' },
    { name: 'dry-run', doc: 'list what would be in it; write nothing' },
  ],
  json: [{ command: 'support-bundle', says: 'What is in the file, and where it is.', shape: SUPPORT_BUNDLE_JSON }],
  async run(call) {
    const maxChunks = wholeNumber('chunks', call.flags['chunks']);
    const isDryRun = call.flags['dry-run'] === true;
    await using session = await openSession(call);
    const redactor = new Redactor({ hashesNames: call.flags['hash-names'] === true });
    const atMs = session.clock.nowMs();
    const { files, listing } = await gatherBundle(bundleSections({ session, redactor, maxChunks }), {
      isDryRun,
      atMs,
      secrets: secretsOf(call.env),
    });
    const path = String(call.flags['out'] ?? `lakehaul-support-${compactTime(atMs)}.tar.gz`);
    const bytes = gzipSync(tarOf(files, atMs));
    if (!isDryRun) await writeNew(path, bytes);
    if (call.flags['json'] === true)
      printJson(call.terminal, SUPPORT_BUNDLE_JSON, {
        isDryRun,
        file: path,
        sizeBytes: isDryRun ? null : bytes.length,
        files: listing,
      });
    else
      call.terminal.out(
        `${listingText(listing, call.terminal.columns)}\n${isDryRun ? `dry run: ${path} was not written` : `${path}, ${size(bytes.length)}: look into it, then send it`}`,
      );
    return EXIT.done;
  },
};

function listingText(listing: readonly BundleFile[], width: number): string {
  return table(
    listing,
    [
      { title: 'file', text: (file) => file.name },
      { title: 'size', align: 'right', text: (file) => (file.sizeBytes === null ? '' : size(file.sizeBytes)) },
      {
        title: 'what is in it',
        isFlexible: true,
        text: (file) => (file.problem === null ? file.says : `not readable: ${file.problem}`),
      },
    ],
    width,
  );
}

/** Readable by its owner alone; an earlier bundle stays. */
async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  await writeFile(path, bytes, { flag: 'wx', mode: 0o600 }).catch((cause: unknown) => {
    throw new LakehaulError('USAGE', `${path} cannot be written, or is there already`, { cause, next: '--out FILE' });
  });
}

function compactTime(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '');
}
