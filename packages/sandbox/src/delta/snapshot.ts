/** What a table’s log says: a version of the table, and the commits that led to it. */
import type { Action, AddFile, CommitInfo, MetaData, Protocol } from './actions.ts';
import type { DeltaColumn } from './schema.ts';

export interface Commit {
  version: number;
  info: CommitInfo;
  actions: readonly Action[];
}

export interface Snapshot {
  version: number;
  metaData: MetaData;
  protocol: Protocol;
  columns: readonly DeltaColumn[];
  files: readonly AddFile[];
}

export interface TableLocation {
  bucket: string;
  /** Ends with '/'. */
  prefix: string;
}
