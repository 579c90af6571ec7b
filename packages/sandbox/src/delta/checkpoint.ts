import type { LocalObjects } from '../contracts.ts';
import type { DomainMetadata } from './actions.ts';
import type { Snapshot, TableLocation } from './snapshot.ts';

export const CHECKPOINT_EVERY = 50;

/** Injected into the log, which knows nothing of an engine. */
export type CheckpointWriter = (request: {
  snapshot: Snapshot;
  domains: readonly DomainMetadata[];
  objects: LocalObjects;
  location: TableLocation;
}) => Promise<void>;
