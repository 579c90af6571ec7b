/** What a bucket says about itself, for doctor. A setting that we may not ask for is not known: never taken for fine. */
import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketPolicyStatusCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  type LifecycleRule,
  type S3Client,
} from '@aws-sdk/client-s3';
import { asLakehaulError, type LakehaulError, type Outside, type OutsidePoint } from '@lakehaul/core';
import { translateS3Error } from './errors.ts';

export type Answer<T> = { isKnown: true; value: T } | { isKnown: false; error: LakehaulError };

export interface BucketSettings {
  bucket: string;
  /** JSON text; null: there is none. */
  policy: Answer<string | null>;
  isPublic: Answer<boolean>;
  isVersioned: Answer<boolean>;
  /** Default retention, e.g. `COMPLIANCE 90 days`; null: no Object Lock, empty: on, without a default. */
  objectLock: Answer<string | null>;
  /** Algorithm of new objects; null: none. */
  encryption: Answer<string | null>;
  /** All four switches. */
  blocksPublicAccess: Answer<boolean>;
  lifecycle: Answer<readonly LifecycleRule[]>;
}

/** S3's words for "nobody has set this". */
const UNSET = new Set([
  'NoSuchBucketPolicy',
  'NoSuchLifecycleConfiguration',
  'ObjectLockConfigurationNotFoundError',
  'ServerSideEncryptionConfigurationNotFoundError',
  'NoSuchPublicAccessBlockConfiguration',
]);

export async function readBucketSettings(client: S3Client, bucket: string, outside: Outside): Promise<BucketSettings> {
  const input = { Bucket: bucket };
  const ask = async <T>(
    point: OutsidePoint,
    unset: T,
    call: (abortSignal: AbortSignal) => Promise<T>,
  ): Promise<Answer<T>> => {
    const attempt = async (signal: AbortSignal): Promise<T> => {
      try {
        return await call(signal);
      } catch (thrown) {
        if (thrown instanceof Error && UNSET.has(thrown.name)) return unset;
        throw translateS3Error(thrown, `s3://${bucket}`);
      }
    };
    try {
      return { isKnown: true, value: await outside(point, attempt, { isIdempotent: true }) };
    } catch (thrown) {
      return { isKnown: false, error: asLakehaulError(thrown) };
    }
  };
  return {
    bucket,
    policy: await ask<string | null>(
      's3.GetBucketPolicy',
      null,
      async (abortSignal) => (await client.send(new GetBucketPolicyCommand(input), { abortSignal })).Policy ?? null,
    ),
    isPublic: await ask(
      's3.GetBucketPolicyStatus',
      false,
      async (abortSignal) =>
        (await client.send(new GetBucketPolicyStatusCommand(input), { abortSignal })).PolicyStatus?.IsPublic === true,
    ),
    isVersioned: await ask(
      's3.GetBucketVersioning',
      false,
      async (abortSignal) =>
        (await client.send(new GetBucketVersioningCommand(input), { abortSignal })).Status === 'Enabled',
    ),
    objectLock: await ask<string | null>('s3.GetObjectLockConfiguration', null, async (abortSignal) => {
      const { ObjectLockConfiguration: lock } = await client.send(new GetObjectLockConfigurationCommand(input), {
        abortSignal,
      });
      if (lock?.ObjectLockEnabled !== 'Enabled') return null;
      const retention = lock.Rule?.DefaultRetention;
      const span = retention?.Years === undefined ? `${retention?.Days} days` : `${retention.Years} years`;
      return retention?.Mode === undefined ? '' : `${retention.Mode} ${span}`;
    }),
    encryption: await ask<string | null>('s3.GetBucketEncryption', null, async (abortSignal) => {
      const { ServerSideEncryptionConfiguration: found } = await client.send(new GetBucketEncryptionCommand(input), {
        abortSignal,
      });
      return found?.Rules?.[0]?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm ?? null;
    }),
    blocksPublicAccess: await ask('s3.GetPublicAccessBlock', false, async (abortSignal) => {
      const { PublicAccessBlockConfiguration: block } = await client.send(new GetPublicAccessBlockCommand(input), {
        abortSignal,
      });
      const { BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets } = block ?? {};
      return [BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets].every(
        (each) => each === true,
      );
    }),
    lifecycle: await ask<readonly LifecycleRule[]>(
      's3.GetBucketLifecycleConfiguration',
      [],
      async (abortSignal) =>
        (await client.send(new GetBucketLifecycleConfigurationCommand(input), { abortSignal })).Rules ?? [],
    ),
  };
}
