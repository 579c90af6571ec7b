import { createSealKey } from '@lakehaul/audit';
import { LakehaulError } from '@lakehaul/core';
import { KEYS_CREATE_JSON } from '../json/audit.ts';
import { printJson } from '../json/common.ts';
import { EXIT, type Verb } from '../verb.ts';

export const keys: Verb = {
  name: 'keys',
  operands: 'create',
  summary: 'make the key pair that ledger seals are signed with (Ed25519)',
  example: 'lakehaul keys create --out seal-key.pem',
  details: [
    'The private key goes to FILE, the public key to FILE.pub. Give the public key to whoever audits, by another way than the ledger.',
  ],
  flags: [
    { name: 'out', value: 'FILE', doc: 'where the private key goes; an existing file is never overwritten' },
    { name: 'json', doc: 'print one JSON document on stdout' },
    { name: 'help', doc: 'print this text' },
  ],
  json: [{ command: 'keys create', says: 'Where the keys are.', shape: KEYS_CREATE_JSON }],
  async run({ operands, flags, terminal }) {
    if (operands[0] !== 'create' || typeof flags['out'] !== 'string')
      throw new LakehaulError('USAGE', 'keys takes create and --out FILE', { next: 'lakehaul keys create --out FILE' });
    const { keyId, publicKeyFile } = await createSealKey(flags['out']);
    if (flags['json'] === true)
      printJson(terminal, KEYS_CREATE_JSON, { keyId, privateKeyFile: flags['out'], publicKeyFile });
    else
      terminal.out(
        `key ${keyId}: private ${flags['out']}, public ${publicKeyFile}\n  next: LAKEHAUL_SEAL_KEY_FILE=${flags['out']} for whoever seals; audit.publicKeyFile and audit.anchorFile in lakehaul.yaml`,
      );
    return EXIT.done;
  },
};
