import { type LedgerSeal, readSigner } from '@lakehaul/audit';
import { LakehaulError } from '@lakehaul/core';
import { ledgerSealer } from '@lakehaul/fleet';
import type { z } from 'zod';
import { type AUDIT_JSON, LEDGER_SEAL_JSON } from '../json/audit.ts';
import { printJson } from '../json/common.ts';
import { count } from '../print/units.ts';
import { openSession } from '../session.ts';
import { COMMON_FLAGS, EXIT, type Verb } from '../verb.ts';

export function ledgerSealJson(seal: LedgerSeal): z.input<typeof AUDIT_JSON>['seals'][number] {
  const { number, observedAt, root, leafCount, cumulativeLeaves, digest, keyId } = seal;
  return { number, observedAt, root, leafCount, cumulativeLeaves, seal: digest, keyId };
}

export const ledgerSeal: Verb = {
  name: 'ledger-seal',
  operands: '',
  summary: 'sign a Merkle root over all that is new in the ledger, and anchor it outside',
  example: 'lakehaul ledger-seal --key seal-key.pem',
  details: [
    'The verifier service does the same every hour (audit.sealEveryMs), run and demo do it at their end.',
    'The anchor is one line in audit.anchorFile: keep it where whoever can write to the bucket cannot.',
  ],
  flags: [...COMMON_FLAGS, { name: 'key', value: 'FILE', doc: 'private key, instead of LAKEHAUL_SEAL_KEY_FILE' }],
  json: [{ command: 'ledger-seal', says: 'The newest seal, and what this pass added to it.', shape: LEDGER_SEAL_JSON }],
  async run(call) {
    await using session = await openSession(call);
    const { sealKeyFile, anchorFile } = session.config.audit;
    const file = typeof call.flags['key'] === 'string' ? call.flags['key'] : sealKeyFile;
    if (file === null) throw new LakehaulError('SEAL_KEY_UNUSABLE', 'no private key is named');
    const { seal, added, unaccounted, isMine } = await ledgerSealer(session, await readSigner(file)).runOnce();
    if (call.flags['json'] === true)
      printJson(call.terminal, LEDGER_SEAL_JSON, {
        seal: seal === null ? null : ledgerSealJson(seal),
        added,
        unaccounted,
        anchorFile: anchorFile ?? null,
      });
    else if (seal === null) call.terminal.out('the ledger is empty: nothing to seal');
    else {
      call.terminal.out(
        `ledger seal ${seal.number}${isMine ? '' : ', by another sealer'}: ${count(added)} objects added, ${count(seal.cumulativeLeaves)} in all\n  root ${seal.root}\n  seal ${seal.digest}`,
      );
      if (anchorFile === undefined)
        call.terminal.out(
          '  no audit.anchorFile: note the two lines above outside the bucket, or a cut tail is never found',
        );
    }
    if (unaccounted > 0)
      call.terminal.talk(`${count(unaccounted)} objects are unaccounted for: lakehaul audit names them`);
    return unaccounted === 0 ? EXIT.done : EXIT.notProven;
  },
};
