/** A key pair made for one test. */
import { generateKeyPairSync } from 'node:crypto';
import { type SealSigner, signerOf } from '@lakehaul/audit';
import type { Notary } from './honest-ledger.ts';
import type { LedgerWorld } from './ledger-world.ts';

export function newSigner(): SealSigner {
  const { privateKey } = generateKeyPairSync('ed25519');
  return signerOf(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 'test');
}

export function newNotary(world: LedgerWorld): Notary {
  return { world, ledger: world.open(), signer: newSigner(), anchors: [] };
}
