import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** A running checksum; `digest` gives what S3 puts in its headers: base64. */
export interface Checksum {
  update(bytes: Uint8Array): void;
  digest(): string;
}

export const CHECKSUM_HEADERS = [
  'x-amz-checksum-crc32',
  'x-amz-checksum-crc32c',
  'x-amz-checksum-crc64nvme',
  'x-amz-checksum-sha1',
  'x-amz-checksum-sha256',
] as const;
export type ChecksumHeader = (typeof CHECKSUM_HEADERS)[number];

export function isChecksumHeader(name: string): name is ChecksumHeader {
  return CHECKSUM_HEADERS.some((known) => known === name);
}

export function createChecksum(header: ChecksumHeader): Checksum {
  switch (header) {
    case 'x-amz-checksum-crc32':
      return crc32Checksum();
    case 'x-amz-checksum-crc32c':
      return crc32cChecksum();
    case 'x-amz-checksum-crc64nvme':
      return crc64Checksum();
    case 'x-amz-checksum-sha1':
      return hashChecksum('sha1');
    case 'x-amz-checksum-sha256':
      return hashChecksum('sha256');
  }
}

export function hashChecksum(algorithm: 'md5' | 'sha1' | 'sha256', encoding: 'base64' | 'hex' = 'base64'): Checksum {
  const hash = createHash(algorithm);
  return {
    update: (bytes) => {
      hash.update(bytes);
    },
    digest: () => hash.digest(encoding),
  };
}

function base64Of32(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes.toString('base64');
}

function crc32Checksum(): Checksum {
  let value = 0;
  return {
    update(bytes) {
      value = crc32(bytes, value);
    },
    digest: () => base64Of32(value),
  };
}

/** Castagnoli, reflected. */
const CRC32C_TABLE = Int32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

function crc32cChecksum(): Checksum {
  let value = -1;
  return {
    update(bytes) {
      let now = value;
      for (let i = 0; i < bytes.length; i++)
        now = (CRC32C_TABLE[(now ^ (bytes[i] as number)) & 0xff] as number) ^ (now >>> 8);
      value = now;
    },
    digest: () => base64Of32(value ^ -1),
  };
}

/** CRC-64/NVME, reflected polynomial 9a6c9329ac4bc9b5, as two 32-bit halves: BigInt would be a hundred times slower. */
const [CRC64_HIGH, CRC64_LOW] = ((): [Int32Array, Int32Array] => {
  const highs = new Int32Array(256);
  const lows = new Int32Array(256);
  for (let n = 0; n < 256; n++) {
    let high = 0;
    let low = n;
    for (let bit = 0; bit < 8; bit++) {
      const isOdd = low & 1;
      low = (low >>> 1) | (high << 31);
      high >>>= 1;
      if (isOdd) {
        high ^= 0x9a6c9329;
        low ^= 0xac4bc9b5;
      }
    }
    highs[n] = high;
    lows[n] = low;
  }
  return [highs, lows];
})();

function crc64Checksum(): Checksum {
  let high = -1;
  let low = -1;
  return {
    update(bytes) {
      for (let i = 0; i < bytes.length; i++) {
        const at = (low ^ (bytes[i] as number)) & 0xff;
        low = ((low >>> 8) | (high << 24)) ^ (CRC64_LOW[at] as number);
        high = (high >>> 8) ^ (CRC64_HIGH[at] as number);
      }
    },
    digest() {
      const bytes = Buffer.alloc(8);
      bytes.writeUInt32BE((high ^ -1) >>> 0, 0);
      bytes.writeUInt32BE((low ^ -1) >>> 0, 4);
      return bytes.toString('base64');
    },
  };
}
