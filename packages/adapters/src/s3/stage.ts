import { LakehaulError, type ObjectInfo } from '@lakehaul/core';
import type { Stage } from '../ports.ts';
import { Bucket, type BucketOptions, type S3Deps } from './bucket.ts';
import { checkManifest } from './manifest.ts';

export interface StageOptions extends BucketOptions {
  /** The source writes with it (UNLOAD … KMS_KEY_ID); we only read and delete. */
  kmsKeyId?: string | undefined;
  graceHours?: number | undefined;
}

export interface OpenStage extends Stage {
  close(): void;
}

export function openStage(options: StageOptions, deps: S3Deps): OpenStage {
  const bucket = new Bucket(options, deps);
  const list = async (prefix: string): Promise<ObjectInfo[]> => {
    const objects: ObjectInfo[] = [];
    for await (const object of bucket.list(prefix)) objects.push(object);
    return objects;
  };
  return {
    url: (key) => bucket.url(key),
    list,
    async readManifest(dataPrefix) {
      const manifestKey = `${dataPrefix}manifest`;
      const manifest = await bucket.get(manifestKey);
      // After the manifest: UNLOAD writes it last, so every file it names must be in this listing.
      const listing = await list(dataPrefix);
      if (manifest !== null) {
        const text = new TextDecoder().decode(manifest.body);
        return checkManifest({ bucket: bucket.name, dataPrefix, manifestKey, text, listing });
      }
      if (listing.length === 0) return null;
      const where = bucket.url(manifestKey);
      throw new LakehaulError('MANIFEST_INVALID', `${where} is missing although ${listing.length} objects are there`, {
        where,
      });
    },
    delete: (keys) => bucket.delete(keys),
    check: () => bucket.check(),
    close: () => bucket.close(),
  };
}
