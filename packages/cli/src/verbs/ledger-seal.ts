import { type LedgerSeal, type LedgerSealOutcome, readSigner } from '@lakehaul/audit';
import { LakehaulError } from '@lakehaul/core';
import { type LedgerSealer, ledgerSealer, type Session } from '@lakehaul/fleet';
import type { z } from 'zod';
import { type AUDIT_JSON, LEDGER_SEAL_JSON } from '../json/audit.ts';
import { printJson } from '../json/common.ts';
import type { Terminal } from '../print/terminal.ts';
import { count, counted } from '../print/units.ts';
import { openSession } from '../session.ts';
import { COMMON_FLAGS, EXIT, type Verb, type VerbCall } from '../verb.ts';
import { agrees, BY_FLAGS, byWhom } from '../who.ts';

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
    'It builds only on seals of its own key or of one in audit.publicKeyFile, and only where no anchor is lost.',
  ],
  flags: [
    ...COMMON_FLAGS,
    { name: 'key', value: 'FILE', doc: 'private key, instead of LAKEHAUL_SEAL_KEY_FILE' },
    { name: 'rebuild-anchors', doc: 'make lost anchors from the bucket first; needs a reason, and audits tell it' },
    ...BY_FLAGS,
    { name: 'dry-run', doc: 'with --rebuild-anchors: print the seals without an anchor; change nothing' },
    { name: 'yes', doc: 'do not ask before anchors are made' },
  ],
  json: [{ command: 'ledger-seal', says: 'The newest seal, and what this pass added to it.', shape: LEDGER_SEAL_JSON }],
  async run(call) {
    refuseLoneFlags(call);
    const by = call.flags['rebuild-anchors'] === true ? byWhom(call) : null;
    await using session = await openSession(call);
    const { sealKeyFile, anchorFile } = session.config.audit;
    const file = typeof call.flags['key'] === 'string' ? call.flags['key'] : sealKeyFile;
    if (file === null) throw new LakehaulError('SEAL_KEY_UNUSABLE', 'no private key is named');
    const sealer = ledgerSealer(session, await readSigner(file));
    const unanchored = by === null ? [] : await unanchoredSeals(sealer, anchorFile);
    const isJson = call.flags['json'] === true;
    if (!isJson) for (const seal of unanchored) call.terminal.out(`make the anchor of ${sealText(seal)}`);
    if (call.flags['dry-run'] === true) {
      if (isJson)
        printJson(
          call.terminal,
          LEDGER_SEAL_JSON,
          answer({ seal: null, added: 0, unaccounted: 0 }, unanchored, session),
        );
      else if (unanchored.length === 0) call.terminal.out('no anchor is missing');
      return EXIT.done;
    }
    if (by !== null && unanchored.length > 0) {
      const question = `make ${counted(unanchored.length, 'anchor')} from what the bucket says now?`;
      if (!(await agrees(call, question))) return EXIT.refused;
      await sealer.rebuildAnchors(by);
    }
    const outcome = await sealer.runOnce();
    if (isJson) printJson(call.terminal, LEDGER_SEAL_JSON, answer(outcome, unanchored, session));
    else tell(call.terminal, outcome, anchorFile);
    const { unaccounted } = outcome;
    if (unaccounted > 0)
      call.terminal.talk(
        `${counted(unaccounted, 'object is', 'objects are')} unaccounted for: lakehaul audit names them`,
      );
    return unaccounted === 0 ? EXIT.done : EXIT.notProven;
  },
};

/** A word that would have no effect is a mistake of whoever typed it. */
function refuseLoneFlags({ flags }: VerbCall): void {
  if (flags['rebuild-anchors'] === true) return;
  const lone = ['reason', 'who', 'dry-run', 'yes'].find((name) => flags[name] !== undefined);
  if (lone !== undefined)
    throw new LakehaulError('USAGE', `--${lone} belongs to --rebuild-anchors`, { next: 'lakehaul ledger-seal --help' });
}

async function unanchoredSeals(sealer: LedgerSealer, anchorFile: string | undefined): Promise<LedgerSeal[]> {
  if (anchorFile === undefined)
    throw new LakehaulError('USAGE', 'there are no anchors to make: audit.anchorFile names no file', {
      next: 'set audit.anchorFile to a file outside the bucket',
    });
  return await sealer.unanchored();
}

function answer(
  { seal, added, unaccounted }: Pick<LedgerSealOutcome, 'seal' | 'added' | 'unaccounted'>,
  unanchored: readonly LedgerSeal[],
  { config }: Session,
): z.input<typeof LEDGER_SEAL_JSON> {
  return {
    seal: seal === null ? null : ledgerSealJson(seal),
    added,
    unaccounted,
    anchorFile: config.audit.anchorFile ?? null,
    rebuiltAnchors: unanchored.map(({ number }) => number),
  };
}

function tell(terminal: Terminal, { seal, added, isMine }: LedgerSealOutcome, anchorFile: string | undefined): void {
  if (seal === null) {
    terminal.out('the ledger is empty: nothing to seal');
    return;
  }
  terminal.out(
    `ledger seal ${seal.number}${isMine ? '' : ', by another sealer'}: ${counted(added, 'object')} added, ${count(seal.cumulativeLeaves)} in all\n  root ${seal.root}\n  seal ${seal.digest}`,
  );
  if (anchorFile === undefined)
    terminal.out('  no audit.anchorFile: note the two lines above outside the bucket, or a cut tail is never found');
}

function sealText({ number, observedAt, digest }: LedgerSeal): string {
  return `seal ${number} of ${observedAt}: ${digest}`;
}
