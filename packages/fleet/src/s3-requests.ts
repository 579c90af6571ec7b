/** What this process asked S3: requests by what they cost, and those that S3 asked to slow down with. */
import type { ErrorCode, OutsidePoint } from '@lakehaul/core';
import type { S3RequestCounts } from '@lakehaul/ledger';

export class S3Requests {
  #puts = 0n;
  #lists = 0n;
  #gets = 0n;
  #slowDowns = 0;

  /** Each try: S3 bills what it refuses as well. DELETE is free; HEAD and all other questions cost what a GET does. */
  called(point: OutsidePoint): void {
    if (!point.startsWith('s3.') || point === 's3.DeleteObjects') return;
    if (point === 's3.PutObject') this.#puts += 1n;
    else if (point === 's3.ListObjectsV2') this.#lists += 1n;
    else this.#gets += 1n;
  }

  failed(point: OutsidePoint, code: ErrorCode): void {
    if (point.startsWith('s3.') && code === 'THROTTLED') this.#slowDowns += 1;
  }

  /** Since the process began. */
  get slowDowns(): number {
    return this.#slowDowns;
  }

  /** Since the process began. */
  counts(): S3RequestCounts {
    return { puts: this.#puts, lists: this.#lists, gets: this.#gets };
  }
}
