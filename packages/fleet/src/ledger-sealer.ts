/** Ledger seals of a session: one pass, for the verifier's loop, the fleet in one process and `lakehaul ledger-seal`. */
import {
  appendAnchors,
  type LedgerSealOutcome,
  readAnchors,
  readSigner,
  type SealSigner,
  sealLedger,
} from '@lakehaul/audit';
import type { Session } from './session.ts';

export interface LedgerSealer {
  runOnce(): Promise<LedgerSealOutcome>;
}

/** Null without a private key: then somebody else seals, or nobody. */
export async function openLedgerSealer(session: Session): Promise<LedgerSealer | null> {
  const { sealKeyFile } = session.config.audit;
  return sealKeyFile === null ? null : ledgerSealer(session, await readSigner(sealKeyFile));
}

export function ledgerSealer(session: Session, signer: SealSigner): LedgerSealer {
  const { config, clouds, ledger, ids, log, metrics } = session;
  const { anchorFile } = config.audit;
  return {
    async runOnce() {
      const outcome = await sealLedger({
        store: clouds.ledgerStore,
        keys: ledger.keys,
        migration: config.migration,
        actor: ledger.actor,
        ids,
        log,
        signer,
        anchors:
          anchorFile === undefined
            ? null
            : {
                read: () => readAnchors(anchorFile, config.migration, { mayBeMissing: true }),
                append: (anchors) => appendAnchors(anchorFile, config.migration, anchors),
              },
      });
      metrics.set('lakehaul_ledger_seals', {}, outcome.seal?.number ?? 0);
      metrics.set('lakehaul_ledger_sealed_objects', {}, outcome.seal?.cumulativeLeaves ?? 0);
      metrics.set('lakehaul_ledger_unaccounted_objects', {}, outcome.unaccounted);
      return outcome;
    },
  };
}
