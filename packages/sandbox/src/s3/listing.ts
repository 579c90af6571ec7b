import { type S3Call, sendXml } from './call.ts';
import { S3Error } from './s3-error.ts';
import { encodeRfc3986 } from './signature.ts';
import { element } from './xml.ts';

const PAGE_KEYS = 1_000;

/** S3's form of encoding-type=url: `/` stays, a blank becomes `+`. */
function urlEncoded(text: string): string {
  return encodeRfc3986(text).replaceAll('%2F', '/').replaceAll('%20', '+');
}

type Start = { text: string; seek: 'after' | 'after-prefix' };

function tokenOf(start: Start): string {
  return Buffer.from(JSON.stringify([start.seek, start.text])).toString('base64url');
}

function startOf(token: string): Start {
  try {
    const [seek, text] = JSON.parse(Buffer.from(token, 'base64url').toString()) as [Start['seek'], string];
    if ((seek === 'after' || seek === 'after-prefix') && typeof text === 'string') return { seek, text };
  } catch {
    // Falls through to the refusal.
  }
  throw new S3Error('InvalidArgument', token, 'The continuation token provided is incorrect');
}

export function listObjectsV2(call: S3Call): void {
  const { query, bucket } = call;
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const token = query.get('continuation-token');
  const startAfter = query.get('start-after');
  const isEncoded = query.get('encoding-type') === 'url';
  const asked = Number(query.get('max-keys') ?? PAGE_KEYS);
  if (!Number.isInteger(asked) || asked < 0) throw new S3Error('InvalidArgument', bucket);
  const text = (name: string, value: string): string => element(name, isEncoded ? urlEncoded(value) : value);

  let from: Start | null = null;
  if (token !== undefined) from = startOf(token);
  else if (startAfter) from = { text: startAfter, seek: 'after' };
  const page = call.store.page(bucket, { prefix, delimiter, from, limit: Math.min(asked, PAGE_KEYS) });

  const parts = [element('Name', bucket), text('Prefix', prefix)];
  if (delimiter !== '') parts.push(text('Delimiter', delimiter));
  if (startAfter) parts.push(text('StartAfter', startAfter));
  if (token !== undefined) parts.push(element('ContinuationToken', token));
  if (isEncoded) parts.push(element('EncodingType', 'url'));
  parts.push(element('MaxKeys', asked), element('KeyCount', page.objects.length + page.commonPrefixes.length));
  const next = asked > 0 ? page.next : null;
  parts.push(element('IsTruncated', next !== null));
  if (next) parts.push(element('NextContinuationToken', tokenOf(next)));
  for (const object of page.objects)
    parts.push(
      `<Contents>${text('Key', object.key)}<LastModified>${new Date(object.lastModifiedMs).toISOString()}</LastModified>` +
        `<ETag>&quot;${object.etag}&quot;</ETag><Size>${object.sizeBytes}</Size><StorageClass>STANDARD</StorageClass></Contents>`,
    );
  for (const common of page.commonPrefixes) parts.push(`<CommonPrefixes>${text('Prefix', common)}</CommonPrefixes>`);
  sendXml(call, 'ListBucketResult', parts.join(''));
}

export function listBuckets(call: S3Call): void {
  const created = new Date(0).toISOString();
  const buckets = call.store
    .bucketNames()
    .map((name) => `<Bucket>${element('Name', name)}${element('CreationDate', created)}</Bucket>`);
  sendXml(call, 'ListAllMyBucketsResult', `<Owner><ID>sandbox</ID></Owner><Buckets>${buckets.join('')}</Buckets>`);
}

/** us-east-1 is an empty element, as in S3. */
export function bucketLocation(call: S3Call): void {
  sendXml(call, 'LocationConstraint', '');
}
