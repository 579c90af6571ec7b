import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAwsChunked } from './aws-chunked.ts';
import { CHECKSUM_HEADERS, createChecksum } from './checksums.ts';

async function* cut(bytes: Buffer, at: readonly number[]): AsyncGenerator<Buffer> {
  let from = 0;
  for (const to of [...at].sort((a, b) => a - b)) {
    if (to > from && to < bytes.length) {
      yield bytes.subarray(from, to);
      from = to;
    }
  }
  yield bytes.subarray(from);
}

async function decode(source: AsyncIterable<Buffer>): Promise<{ body: Buffer; trailers: Record<string, string> }> {
  const trailers: Record<string, string> = {};
  const parts: Buffer[] = [];
  for await (const part of decodeAwsChunked(source, (name, value) => {
    trailers[name] = value;
  }))
    parts.push(part);
  return { body: Buffer.concat(parts), trailers };
}

function frame(chunks: readonly Uint8Array[], signed: boolean): Buffer {
  const parts: (string | Uint8Array)[] = [];
  for (const chunk of chunks.filter((c) => c.length > 0))
    parts.push(`${chunk.length.toString(16)}${signed ? ';chunk-signature=abc' : ''}\r\n`, chunk, '\r\n');
  parts.push('0\r\n', 'x-amz-checksum-crc32: AAAAAA==\r\n', '\r\n');
  return Buffer.concat(parts.map((part) => Buffer.from(part as Uint8Array)));
}

describe('aws-chunked', () => {
  it('gives the same bytes wherever the network cut them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }),
        fc.array(fc.nat(300)),
        fc.boolean(),
        async (chunks, cuts, signed) => {
          const { body, trailers } = await decode(cut(frame(chunks, signed), cuts));
          expect(body).toEqual(Buffer.concat(chunks));
          expect(trailers).toEqual({ 'x-amz-checksum-crc32': 'AAAAAA==' });
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each([
    ['a body that ends early', '5\r\nabc', /number of bytes/],
    ['a body without its last chunk', '3\r\nabc\r\n', /number of bytes/],
    ['a chunk that is longer than it says', '3\r\nabcd\r\n0\r\n\r\n', /longer than its header/],
    ['a header that is no number', 'xyz\r\n', /not understood/],
  ])('refuses %s', async (_name, text, message) => {
    await expect(decode(cut(Buffer.from(text), []))).rejects.toThrow(message);
  });
});

describe('checksums', () => {
  // Check values of "123456789": the catalogue of parametrised CRC algorithms, and FIPS 180 implementations.
  it.each([
    ['x-amz-checksum-crc32', 'cbf43926'],
    ['x-amz-checksum-crc32c', 'e3069283'],
    ['x-amz-checksum-crc64nvme', 'ae8b14860a799888'],
    ['x-amz-checksum-sha1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
    ['x-amz-checksum-sha256', '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225'],
  ] as const)('%s has its published check value, in one piece or many', (name, hex) => {
    expect(CHECKSUM_HEADERS).toContain(name);
    for (const pieces of [['123456789'], [...'123456789'], ['', '1234', '56789']]) {
      const checksum = createChecksum(name);
      for (const piece of pieces) checksum.update(Buffer.from(piece));
      expect(Buffer.from(checksum.digest(), 'base64').toString('hex')).toBe(hex);
    }
  });
});
