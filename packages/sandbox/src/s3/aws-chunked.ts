import { S3Error } from './s3-error.ts';

/**
 * Takes the aws-chunked frames off a body: `<hex length>[;extensions]\r\n<bytes>\r\n … 0\r\n<trailer lines>\r\n`.
 * Data is handed on as it came, without copies. Signatures of single chunks are passed over: the head's signature and
 * the trailing checksum are checked elsewhere.
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Buffer>,
  onTrailer: (name: string, value: string) => void,
): AsyncGenerator<Buffer, void, void> {
  let state: 'length' | 'data' | 'data-end' | 'trailer' | 'over' = 'length';
  let line = '';
  let left = 0;
  for await (const bytes of source) {
    let at = 0;
    while (at < bytes.length && state !== 'over') {
      if (state === 'data') {
        const end = Math.min(bytes.length, at + left);
        yield bytes.subarray(at, end);
        left -= end - at;
        at = end;
        if (left === 0) state = 'data-end';
        continue;
      }
      const newline = bytes.indexOf(10, at);
      line += bytes.toString('latin1', at, newline < 0 ? bytes.length : newline);
      if (line.length > 16_384) throw new S3Error('InvalidArgument', '', 'A chunk header is too long.');
      if (newline < 0) break;
      at = newline + 1;
      const text = line.trimEnd();
      line = '';
      if (state === 'data-end') {
        if (text !== '') throw new S3Error('InvalidArgument', '', 'A chunk is longer than its header says.');
        state = 'length';
      } else if (state === 'length') {
        const size = /^([0-9a-fA-F]{1,12})(;.*)?$/.exec(text)?.[1];
        if (size === undefined) throw new S3Error('InvalidArgument', '', 'A chunk header is not understood.');
        left = Number.parseInt(size, 16);
        state = left === 0 ? 'trailer' : 'data';
      } else if (text === '') {
        state = 'over';
      } else {
        const colon = text.indexOf(':');
        onTrailer(text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim());
      }
    }
  }
  // The blank line after the trailers may be left out at the end of a body; a missing last chunk may not.
  if (state !== 'over' && state !== 'trailer') throw new S3Error('IncompleteBody');
}
