/**
 * What may lead to a receipt, as data. `plan` is the head of the table's plan, `record` anything under records/ (late
 * rows that were seen, a person's word). A stage that is not named here cannot come into the ledger: complete by type.
 */
import type { Stage } from '@lakehaul/core';

export type ParentKind = Stage | 'plan' | 'record';

interface ParentRule {
  parents: readonly ParentKind[];
  /** The parent's attempt: the same one, the one before (an opening), or that of the leader of a shared scan as well. */
  from: 'same' | 'earlier' | 'same-or-leader';
}

export const PARENTS = {
  opened: { parents: ['plan', 'mismatched', 'void', 'quarantined', 'record', 'opened'], from: 'earlier' },
  submit: { parents: ['opened', 'unloaded'], from: 'same' },
  unloaded: { parents: ['submit'], from: 'same-or-leader' },
  loaded: { parents: ['unloaded'], from: 'same' },
  counted: { parents: ['loaded'], from: 'same' },
  verified: { parents: ['loaded'], from: 'same' },
  reproved: { parents: ['verified', 'counted'], from: 'same' },
  mismatched: { parents: ['loaded'], from: 'same' },
  void: { parents: ['submit', 'opened'], from: 'same' },
  failed: { parents: ['opened', 'unloaded', 'loaded'], from: 'same' },
  quarantined: { parents: ['mismatched', 'failed', 'loaded', 'unloaded', 'opened'], from: 'same' },
  accepted: { parents: ['quarantined'], from: 'same' },
  cleaned: { parents: ['reproved', 'verified', 'counted'], from: 'same' },
} as const satisfies Record<Stage, ParentRule>;
