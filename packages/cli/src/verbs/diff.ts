import { chunkName, LakehaulError } from '@lakehaul/core';
import { DIFF_JSON, findChunk, mismatchJson, readMismatches } from '@lakehaul/operate';
import { printJson } from '../json/common.ts';
import { diffText } from '../print/diff.ts';
import { problemText } from '../print/problem.ts';
import { openSession } from '../session.ts';
import { COMMON_FLAGS, EXIT, type Verb } from '../verb.ts';

export const diff: Verb = {
  name: 'diff',
  operands: 'CHUNK',
  summary: 'the rows and columns in which a chunk differed, newest mismatch first',
  example: 'lakehaul diff public.flights/3',
  details: [
    'Rows are shown to who may read diffs/ in the ledger’s bucket, as long as they are kept (ledger.diffDays); counts, columns and digests are always there. Each list is held against the digest in its receipt.',
  ],
  flags: [...COMMON_FLAGS, { name: 'redact', doc: 'hash keys and values: for a ticket or a screen share' }],
  json: [
    {
      command: 'diff CHUNK',
      says: 'Every mismatch of a chunk, with its rows as far as they may be shown.',
      shape: DIFF_JSON,
    },
  ],
  async run(call) {
    await using session = await openSession(call);
    const [name] = call.operands;
    if (name === undefined)
      throw new LakehaulError('USAGE', 'diff needs a chunk', { next: 'lakehaul diff TABLE/NUMBER' });
    const ref = findChunk(await session.ledger.readPlans(), name);
    const seen = await readMismatches(session.ledger, ref, { isRedacted: call.flags['redact'] === true });
    const keepMs = session.config.ledger.diffMs;
    if (call.flags['json'] === true)
      printJson(call.terminal, DIFF_JSON, {
        chunk: chunkName(ref),
        mismatches: seen.map((each) => mismatchJson(each, keepMs)),
      });
    else
      call.terminal.out(
        seen.length === 0
          ? `${chunkName(ref)} never differed`
          : seen.map((each) => diffText(each, keepMs)).join('\n\n'),
      );
    const denied = seen.flatMap(({ rows }) => (rows.state === 'denied' ? [rows.error] : []))[0];
    if (denied === undefined) return EXIT.done;
    call.terminal.talk(problemText(call.terminal, denied));
    return EXIT.refused;
  },
};
