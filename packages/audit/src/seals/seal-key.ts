/** The key pair that ledger seals are signed with: Ed25519. The private half lives in a file and nowhere else. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { LakehaulError } from '@lakehaul/core';

/** Signed along with the statement, so that no other signature of the same key can pass for a seal. */
const DOMAIN = 'lakehaul-ledger-seal-v1\n';

export interface SealSigner {
  keyId: string;
  publicKeyPem: string;
  /** Base64. */
  sign(statement: string): string;
}

/** Public keys by id: an auditor may hold several after a rotation. */
export type SealKeys = ReadonlyMap<string, KeyObject>;

/** First 32 hex digits of the SHA-256 of the public key (SPKI, DER). */
function keyIdOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex').slice(0, 32);
}

export function signerOf(privateKeyPem: string, where: string): SealSigner {
  let key: KeyObject;
  try {
    key = createPrivateKey(privateKeyPem);
  } catch (cause) {
    throw keyError(`${where} holds no private key in PEM`, cause);
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw keyError(`${where} holds a ${key.asymmetricKeyType} key, seals take Ed25519`);
  const publicKey = createPublicKey(key);
  return {
    keyId: keyIdOf(publicKey),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign: (statement) => sign(null, Buffer.from(DOMAIN + statement), key).toString('base64'),
  };
}

export async function readSigner(path: string): Promise<SealSigner> {
  const pem = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw keyError(`${path} cannot be read`, cause);
  });
  return signerOf(pem, path);
}

/** One or several PEM blocks. */
export function publicKeysOf(pem: string, where: string): SealKeys {
  const blocks = pem.match(/-----BEGIN PUBLIC KEY-----[\s\S]+?-----END PUBLIC KEY-----/g) ?? [];
  if (blocks.length === 0) throw keyError(`${where} holds no public key in PEM`);
  return new Map(
    blocks.map((block) => {
      try {
        const key = createPublicKey(block);
        return [keyIdOf(key), key];
      } catch (cause) {
        throw keyError(`${where} holds a public key that cannot be read`, cause);
      }
    }),
  );
}

export async function readPublicKeys(path: string): Promise<SealKeys> {
  const pem = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw keyError(`${path} cannot be read`, cause);
  });
  return publicKeysOf(pem, path);
}

export function isSignedBy(key: KeyObject, statement: string, signature: string): boolean {
  return verify(null, Buffer.from(DOMAIN + statement), key, Buffer.from(signature, 'base64'));
}

/** Never overwrites: a lost private key cannot be made again, and its seals would lose their voice. */
export async function createSealKey(path: string): Promise<{ keyId: string; publicKeyFile: string }> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const signer = signerOf(pem, path);
  const publicKeyFile = `${path}.pub`;
  for (const [file, text] of [
    [path, pem],
    [publicKeyFile, signer.publicKeyPem],
  ] as const)
    await writeFile(file, text, { flag: 'wx', mode: 0o600 }).catch((cause: unknown) => {
      throw keyError(`${file} cannot be created (an existing key is never overwritten)`, cause);
    });
  await chmod(publicKeyFile, 0o644);
  return { keyId: signer.keyId, publicKeyFile };
}

function keyError(message: string, cause?: unknown): LakehaulError {
  return new LakehaulError('SEAL_KEY_UNUSABLE', message, { cause });
}
