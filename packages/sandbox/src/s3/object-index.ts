import { LakehaulError } from '@lakehaul/core';
import { type JournalLine, putLine, type StoredObject } from './journal.ts';
import { SortedKeys } from './sorted-keys.ts';

export interface ListedObject extends StoredObject {
  key: string;
}

export interface Bucket {
  objects: Map<string, StoredObject>;
  keys: SortedKeys;
}

export interface PageRequest {
  prefix: string;
  delimiter: string;
  from: { text: string; seek: 'after' | 'after-prefix' } | null;
  limit: number;
}

export interface ListPage {
  objects: ListedObject[];
  commonPrefixes: string[];
  /** Continue after this text; null at the end. */
  next: { text: string; seek: 'after' | 'after-prefix' } | null;
}

/** What is where: buckets, their objects and the order of their keys. In memory; the journal makes it last. */
export class ObjectIndex {
  readonly buckets = new Map<string, Bucket>();

  need(bucket: string): Bucket {
    const found = this.buckets.get(bucket);
    if (!found) throw new LakehaulError('BUCKET_MISSING', `bucket ${bucket} does not exist`);
    return found;
  }

  addBucket(name: string): void {
    this.buckets.set(name, { objects: new Map(), keys: new SortedKeys() });
  }

  /** While the journal is read keys are not kept in order; `sortKeys` does it once at the end. */
  apply(line: JournalLine): void {
    if (line[0] === 'b') {
      this.addBucket(line[1]);
      return;
    }
    const objects = this.need(line[1]).objects;
    if (line[0] === 'd') {
      objects.delete(line[2]);
      return;
    }
    const [, , key, file, sizeBytes, etag, lastModifiedMs, contentType, headers] = line;
    objects.set(key, { file, sizeBytes, etag, lastModifiedMs, contentType, headers });
  }

  sortKeys(): void {
    for (const bucket of this.buckets.values()) bucket.keys = SortedKeys.from(bucket.objects.keys());
  }

  /** Buckets and objects: how many lines the shortest journal has. */
  get size(): number {
    return [...this.buckets.values()].reduce((sum, bucket) => sum + 1 + bucket.objects.size, 0);
  }

  *lines(): Generator<JournalLine> {
    for (const [name, bucket] of this.buckets) {
      yield ['b', name];
      for (const [key, object] of bucket.objects) yield putLine(name, key, object);
    }
  }

  *objects(): Generator<StoredObject> {
    for (const bucket of this.buckets.values()) yield* bucket.objects.values();
  }

  list(bucket: string, prefix: string): ListedObject[] {
    const found: ListedObject[] = [];
    const at = this.need(bucket);
    for (const key of at.keys.from(prefix, 'at')) {
      if (!key.startsWith(prefix)) break;
      const object = at.objects.get(key);
      if (object) found.push({ key, ...object });
    }
    return found;
  }

  /** One page of ListObjectsV2; keys and common prefixes count alike towards the limit. */
  page(bucket: string, request: PageRequest): ListPage {
    const { prefix, delimiter, limit } = request;
    const at = this.need(bucket);
    const page: ListPage = { objects: [], commonPrefixes: [], next: null };
    // A start before the prefix would walk over everything in between.
    const isBehind = request.from !== null && Buffer.compare(Buffer.from(request.from.text), Buffer.from(prefix)) >= 0;
    let cursor =
      isBehind && request.from ? at.keys.from(request.from.text, request.from.seek) : at.keys.from(prefix, 'at');
    let last: ListPage['next'] = null;
    for (let step = cursor.next(); !step.done; step = cursor.next()) {
      const key = step.value;
      if (!key.startsWith(prefix)) break;
      if (page.objects.length + page.commonPrefixes.length >= limit) {
        page.next = last;
        break;
      }
      const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
      if (end >= 0) {
        const common = key.slice(0, end + delimiter.length);
        page.commonPrefixes.push(common);
        last = { text: common, seek: 'after-prefix' };
        cursor = at.keys.from(common, 'after-prefix');
      } else {
        const object = at.objects.get(key);
        if (object) page.objects.push({ key, ...object });
        last = { text: key, seek: 'after' };
      }
    }
    return page;
  }
}
