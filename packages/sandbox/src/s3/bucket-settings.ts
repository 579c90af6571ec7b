/**
 * Settings of a bucket: kept as they were put, told as S3 tells them, defaults of a new bucket included (encryption since
 * January 2023, public access blocked since April 2023; AWS S3 user guide). Of a policy, Deny statements on objects are
 * enforced (bucket-policy.ts); versions, retention and lifecycle are only kept. In memory: a restart forgets them.
 */

import { type PolicyStatement, parsePolicy } from './bucket-policy.ts';
import { type S3Call, sendEmpty, sendXml } from './call.ts';
import { receiveText } from './receive-body.ts';
import { S3Error, type S3ErrorCode } from './s3-error.ts';
import { element } from './xml.ts';

interface Setting {
  root: string;
  /** Inner XML of a bucket on which nobody put anything, or the error that S3 answers. */
  unset: { inner: string } | { error: S3ErrorCode };
}

const BLOCKED = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'];

const SETTINGS: Record<string, Setting> = {
  versioning: { root: 'VersioningConfiguration', unset: { inner: '' } },
  'object-lock': { root: 'ObjectLockConfiguration', unset: { error: 'ObjectLockConfigurationNotFoundError' } },
  lifecycle: { root: 'LifecycleConfiguration', unset: { error: 'NoSuchLifecycleConfiguration' } },
  encryption: {
    root: 'ServerSideEncryptionConfiguration',
    unset: {
      inner:
        '<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>',
    },
  },
  publicAccessBlock: {
    root: 'PublicAccessBlockConfiguration',
    unset: { inner: BLOCKED.map((name) => element(name, true)).join('') },
  },
};

export class BucketSettings {
  readonly #settings = new Map<string, string>();
  readonly #policies = new Map<string, { text: string; statements: PolicyStatement[] }>();

  policyOf(bucket: string): readonly PolicyStatement[] {
    return this.#policies.get(bucket)?.statements ?? [];
  }

  get(call: S3Call, name: string): void {
    const setting = SETTINGS[name];
    if (setting === undefined) throw new S3Error('NotImplemented', name);
    const inner = this.#settings.get(`${call.bucket}/${name}`);
    if (inner !== undefined) sendXml(call, setting.root, inner);
    else if ('error' in setting.unset) throw new S3Error(setting.unset.error, call.bucket);
    else sendXml(call, setting.root, setting.unset.inner);
  }

  async put(call: S3Call, name: string): Promise<void> {
    const setting = SETTINGS[name];
    if (setting === undefined) throw new S3Error('NotImplemented', name);
    const text = await receiveText(call.request);
    const inner = new RegExp(`<${setting.root}(?:\\s[^>]*)?>([\\s\\S]*)</${setting.root}>`).exec(text)?.[1];
    if (inner === undefined) throw new S3Error('MalformedXML', call.bucket);
    this.#settings.set(`${call.bucket}/${name}`, inner);
    sendEmpty(call, 200);
  }

  getPolicy(call: S3Call): void {
    const body = Buffer.from(this.#policy(call).text);
    call.response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
  }

  async putPolicy(call: S3Call): Promise<void> {
    const text = await receiveText(call.request);
    this.#policies.set(call.bucket, { text, statements: parsePolicy(text) });
    sendEmpty(call, 204);
  }

  deletePolicy(call: S3Call): void {
    this.#policies.delete(call.bucket);
    sendEmpty(call, 204);
  }

  /** Public: an Allow for everybody without a condition (user guide, "The meaning of public"). */
  getPolicyStatus(call: S3Call): void {
    const isPublic = this.#policy(call).statements.some(
      (each) => each.effect === 'Allow' && each.conditions.length === 0,
    );
    sendXml(call, 'PolicyStatus', element('IsPublic', isPublic));
  }

  #policy(call: S3Call) {
    const policy = this.#policies.get(call.bucket);
    if (policy === undefined) throw new S3Error('NoSuchBucketPolicy', call.bucket);
    return policy;
  }
}
