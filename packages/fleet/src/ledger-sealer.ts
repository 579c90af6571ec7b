/** Ledger seals of a session: one pass, for the verifier's loop, the fleet in one process and `lakehaul ledger-seal`. */
import {
  ANCHORS_REBUILT,
  type AnchorStore,
  appendAnchors,
  findAnchors,
  type LedgerSeal,
  type LedgerSealOutcome,
  readPublicKeys,
  readSigner,
  rebuildAnchors,
  type SealSigner,
  sealLedger,
  unanchoredSeals,
} from '@lakehaul/audit';
import type { Session } from './session.ts';

export interface LedgerSealer {
  runOnce(): Promise<LedgerSealOutcome>;
  /** Seals without an anchor: what `rebuildAnchors` would make one for. */
  unanchored(): Promise<LedgerSeal[]>;
  /** A person's decision, recorded; how many anchors were made from the bucket. */
  rebuildAnchors(by: { who: string; reason: string }): Promise<number>;
}

/** Null without a private key: then somebody else seals, or nobody. */
export async function openLedgerSealer(session: Session): Promise<LedgerSealer | null> {
  const { sealKeyFile } = session.config.audit;
  return sealKeyFile === null ? null : ledgerSealer(session, await readSigner(sealKeyFile));
}

export function ledgerSealer(session: Session, signer: SealSigner): LedgerSealer {
  const { config, clouds, ledger, ids, log, metrics } = session;
  const { publicKeyFile } = config.audit;
  const deps = {
    store: clouds.ledgerStore,
    keys: ledger.keys,
    migration: config.migration,
    actor: ledger.actor,
    ids,
    log,
    signer,
    trusted: async () => (publicKeyFile === undefined ? new Map() : await readPublicKeys(publicKeyFile)),
    anchors: anchorStore(session),
  };
  return {
    async runOnce() {
      const outcome = await sealLedger(deps);
      metrics.set('lakehaul_ledger_seals', {}, outcome.seal?.number ?? 0);
      metrics.set('lakehaul_ledger_sealed_objects', {}, outcome.seal?.cumulativeLeaves ?? 0);
      metrics.set('lakehaul_ledger_unaccounted_objects', {}, outcome.unaccounted);
      return outcome;
    },
    unanchored: () => unanchoredSeals(deps),
    rebuildAnchors: (by) => rebuildAnchors(deps, by, (body) => ledger.appendRecord(ANCHORS_REBUILT, body)),
  };
}

function anchorStore({ config }: Session): AnchorStore | null {
  const { anchorFile } = config.audit;
  if (anchorFile === undefined) return null;
  return {
    read: () => findAnchors(anchorFile, config.migration),
    append: (anchors) => appendAnchors(anchorFile, config.migration, anchors),
  };
}
