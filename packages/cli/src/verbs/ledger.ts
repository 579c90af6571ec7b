import { exportLedger } from '@lakehaul/audit';
import { LakehaulError } from '@lakehaul/core';
import { LEDGER_EXPORT_JSON } from '../json/audit.ts';
import { printJson } from '../json/common.ts';
import { count, counted } from '../print/units.ts';
import { openSession } from '../session.ts';
import { COMMON_FLAGS, EXIT, type Verb } from '../verb.ts';

export const ledger: Verb = {
  name: 'ledger',
  operands: 'export DIR',
  summary: 'copy the ledger to a directory, for an audit without credentials or network',
  example: 'lakehaul ledger export ./ledger-copy',
  details: [
    'Run again it goes on: only what is new is fetched. Rows of diffs are not copied, they hold values.',
    'Then anywhere: lakehaul audit --offline DIR --public-key FILE --anchors FILE',
  ],
  flags: COMMON_FLAGS,
  json: [{ command: 'ledger export DIR', says: 'What the copy holds now.', shape: LEDGER_EXPORT_JSON }],
  async run(call) {
    const [action, directory] = call.operands;
    if (action !== 'export' || directory === undefined)
      throw new LakehaulError('USAGE', 'ledger takes export and a directory', { next: 'lakehaul ledger export DIR' });
    await using session = await openSession(call);
    const { config, clouds } = session;
    const result = await exportLedger({
      store: clouds.ledgerStore,
      prefix: config.ledger.prefix,
      migration: config.migration,
      directory,
      signal: call.signal,
      onProgress: (copied) => call.terminal.status(`${counted(copied, 'object')} copied`),
    });
    if (call.flags['json'] === true) printJson(call.terminal, LEDGER_EXPORT_JSON, { directory, ...result });
    else
      call.terminal.out(
        `${directory}: ${counted(result.objects, 'object')}, ${count(result.copied)} of them copied now\n  next: lakehaul audit --offline ${directory} --public-key FILE --anchors FILE`,
      );
    return EXIT.done;
  },
};
