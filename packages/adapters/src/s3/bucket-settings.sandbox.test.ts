import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../../../../test/support/world.ts';
import type { BucketSettings } from './bucket-settings.ts';
import { judgeLedgerBucket } from './judge-bucket.ts';

const DEPLOY = join(import.meta.dirname, '../../../../deploy/s3');

describe('the ledger’s bucket', () => {
  let world: World;
  let client: S3Client;
  let settings: () => Promise<BucketSettings>;
  let bucket = '';
  let prefix = '';

  beforeAll(async () => {
    world = await startWorld();
    const config = world.config({ include: ['public.*'] });
    const session = await world.session(config);
    settings = () => session.clouds.ledgerStore.settings();
    bucket = config.ledger.bucket;
    prefix = config.ledger.prefix;
    const { accessKeyId, secretAccessKey } = world.clouds.credentials;
    client = new S3Client({
      region: 'us-east-1',
      endpoint: world.clouds.endpoints.s3,
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
    });
  });
  afterAll(async () => {
    client.destroy();
    await world[Symbol.asyncDispose]();
  });

  const advice = async () =>
    judgeLedgerBucket(await settings(), [prefix, 'test'].filter((part) => part !== '').join('/'));
  const fill = (file: string) =>
    readFileSync(join(DEPLOY, file), 'utf8')
      .replaceAll('LEDGER_BUCKET', bucket)
      .replaceAll('LEDGER_PREFIX/', prefix === '' ? '' : `${prefix}/`)
      .replaceAll('MIGRATION', 'test');
  const bad = async () => (await advice()).filter((each) => each.isFine !== true).map((each) => each.name);

  it('of a fresh bucket: what is off is said', async () => {
    expect(await bad()).toEqual(['deletion', 'overwriting', 'versioning', 'Object Lock', 'lifecycle of diffs']);
  });

  it('with what deploy/s3 recommends: all is fine, and the policy does what it says', async () => {
    const at = { Bucket: bucket };
    await client.send(new PutBucketPolicyCommand({ ...at, Policy: fill('ledger-bucket-policy.json') }));
    await client.send(
      new PutBucketLifecycleConfigurationCommand({
        ...at,
        LifecycleConfiguration: JSON.parse(fill('ledger-lifecycle.json')),
      }),
    );
    await client.send(new PutBucketVersioningCommand({ ...at, VersioningConfiguration: { Status: 'Enabled' } }));
    await client.send(
      new PutObjectLockConfigurationCommand({
        ...at,
        ObjectLockConfiguration: {
          ObjectLockEnabled: 'Enabled',
          Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 90 } },
        },
      }),
    );
    expect((await advice()).map((each) => [each.name, each.isFine])).toEqual(
      (await advice()).map((each) => [each.name, true]),
    );
    const root = [prefix, 'test'].filter((part) => part !== '').join('/');
    const key = `${root}/chunks/00/t/g1/0000000000/00001.opened.json`;
    await client.send(new PutObjectCommand({ ...at, Key: key, Body: '1', IfNoneMatch: '*' }));
    await expect(client.send(new PutObjectCommand({ ...at, Key: key, Body: '2' }))).rejects.toMatchObject({
      name: 'AccessDenied',
    });
    await expect(client.send(new DeleteObjectCommand({ ...at, Key: key }))).rejects.toMatchObject({
      name: 'AccessDenied',
    });
    const many = await client.send(new DeleteObjectsCommand({ ...at, Delete: { Objects: [{ Key: key }] } }));
    expect(many.Errors?.[0]?.Code).toBe('AccessDenied');
    const diff = `${root}/diffs/x.json`;
    await client.send(new PutObjectCommand({ ...at, Key: diff, Body: '1', IfNoneMatch: '*' }));
    await client.send(new DeleteObjectCommand({ ...at, Key: diff }));
  });

  it('a rule that would expire receipts, a policy for one role only, and public access switched open are found', async () => {
    const at = { Bucket: bucket };
    const rule = { ID: 'all', Status: 'Enabled' as const, Filter: { Prefix: '' }, Expiration: { Days: 365 } };
    await client.send(new PutBucketLifecycleConfigurationCommand({ ...at, LifecycleConfiguration: { Rules: [rule] } }));
    await client.send(
      new PutPublicAccessBlockCommand({ ...at, PublicAccessBlockConfiguration: { BlockPublicAcls: true } }),
    );
    expect(await bad()).toEqual(['public access', 'lifecycle of diffs']);
    const policy = fill('ledger-bucket-policy.json').replace(
      '"Principal": "*"',
      '"Principal": {"AWS": "arn:aws:iam::1:role/x"}',
    );
    const given = { ...(await settings()), policy: { isKnown: true as const, value: policy } };
    const judged = judgeLedgerBucket(given, [prefix, 'test'].filter((part) => part !== '').join('/'));
    expect(judged.find((each) => each.name === 'deletion')?.isFine).toBe(false);
  });

  it('what may not be asked for is not known, and never fine', async () => {
    world.clouds.faults.set([
      {
        point: 's3.GetBucketPolicy',
        nth: 0,
        happens: { kind: 'error', code: 'AccessDenied', message: 'Access Denied', status: 403 },
      },
    ]);
    const judged = await advice();
    expect(judged.filter((each) => each.isFine === null).map((each) => each.name)).toEqual(['deletion', 'overwriting']);
    expect(judged.find((each) => each.name === 'deletion')?.what).toContain('PERMISSION_DENIED');
    world.clouds.faults.set([]);
  });
});
