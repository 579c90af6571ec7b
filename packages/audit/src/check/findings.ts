/** What an audit can find. The doc of a code is what the report and the command print beside it. */
export const FINDINGS = {
  // Against the seals
  OBJECT_CHANGED: 'an object is not what was sealed',
  OBJECT_REMOVED: 'a sealed object is gone',
  OBJECT_UNSEALED: 'an object claims to be older than a seal that does not cover it',
  OBJECT_TWICE: 'one key comes twice',
  OBJECT_UNKNOWN: 'an object that lakehaul did not write',
  COPY_DAMAGED: 'the copy or the bucket cannot be read as a whole',
  NO_SEALS: 'nothing shows that the ledger is unchanged: it was never sealed, or its seals are gone',
  SEAL_INVALID: 'a ledger seal or its list of leaves is not in order',
  SEAL_CHAIN: 'a ledger seal does not follow from the one before it',
  SEAL_ROOT: 'the leaves do not have the root that was signed',
  SEAL_SIGNATURE: 'a ledger seal is not signed by a key that was given',
  ANCHORS_NOT_GIVEN:
    'nothing outside the bucket to compare the seals with: the removal of the last ones, and a rewrite with the stolen key, cannot be found',
  ANCHOR_BROKEN: 'an anchor outside the bucket names another seal than the ledger holds',
  // Within the ledger
  SHAPE: 'an object is not of the shape that its key promises',
  PARENT_MISSING: 'the receipt that led to this one is not there',
  PARENT_WRONG: 'a receipt names a cause that cannot have led to it',
  TIME: 'receipts are dated in an order in which they cannot have been written',
  PLAN: 'a plan and its pages do not fit together',
  COVERAGE: 'the chunks of a table leave a gap, overlap, or forget the NULL keys (I1)',
  ACKNOWLEDGEMENT: 'a loss, an exclusion or an adoption that nobody acknowledged',
  NOT_PLANNED: 'a receipt of a chunk that no plan has',
  LEVEL: 'an attempt was opened at another level, or with another form of hash, than the plan says',
  COLUMNS: 'rows were read under a column list that is neither planned nor accepted',
  ACCEPTED: 'an acceptance that does not rest on what it says it accepts',
  SETTING: 'a change of a setting does not follow from what stood before it',
  JOURNEY: 'receipts that cannot stand together in one attempt',
  FENCE: 'an attempt loaded before an earlier one was over',
  COUNTS: 'the counts of a proof are not all equal',
  SUMS: 'the hash sums of a proof are not all equal',
  FOLD: 'a checkpoint says done where no receipt does',
  TABLE_SEAL: 'a table seal does not add up with the proofs that it rests on',
} as const;

export type FindingCode = keyof typeof FINDINGS;

/** Told beside the findings; none of them keeps a ledger from being clean. */
export const NOTES = {
  PARENT_UNKNOWN: 'receipts of an older version that do not name what led to them',
  UNSEALED: 'objects newer than the last ledger seal: in order as far as the ledger itself can tell',
  TABLE_SEAL_UNDATED:
    'table seals that were taken while receipts came: their sums cannot be told apart by whole seconds',
  NOT_ANCHORED: 'ledger seals newer than the last anchor',
  ANCHORS_INTERRUPTED:
    'ledger seals older than the unbroken line of anchors: those before it are missing, or were made from the bucket later',
} as const;

export type NoteCode = keyof typeof NOTES;

export interface Finding {
  code: FindingCode;
  key: string;
  what: string;
  next: string;
}

const NEXT_SEAL = 'compare with another copy or the bucket’s object versions: somebody or something changed the ledger';
const NEXT_LEDGER = 'lakehaul chunk CHUNK tells its story; prove the chunk again with lakehaul verify';

const NEXT: Partial<Record<FindingCode, string>> = {
  NO_SEALS: 'lakehaul ledger-seal seals it from now on; if it was sealed before, its anchors or log lines tell',
  SEAL_SIGNATURE: 'ask for the public key on another way than the ledger came; a rotated key needs both in the file',
  ANCHORS_NOT_GIVEN:
    'lakehaul audit --anchors FILE, with the file that audit.anchorFile of the sealers names, by another way than the ledger came',
  COPY_DAMAGED: 'export once more: lakehaul ledger export DIR',
  OBJECT_UNKNOWN: 'find out who else writes below the ledger’s prefix',
  ANCHOR_BROKEN: 'keep both; the anchors were written when the seal was: the bucket has been cut or rewritten since',
  PARENT_MISSING: NEXT_LEDGER,
  PARENT_WRONG: NEXT_LEDGER,
  TIME: NEXT_LEDGER,
  JOURNEY: NEXT_LEDGER,
  FENCE: 'lakehaul seal TABLE counts what the target holds per attempt; lakehaul verify proves it again',
  COUNTS: NEXT_LEDGER,
  SUMS: NEXT_LEDGER,
  NOT_PLANNED: 'nothing that is not planned was proven: find out where the receipt came from',
  COVERAGE: 'rows outside the chunks were never read: plan the table again under another migration',
  ACKNOWLEDGEMENT: 'acknowledge it under tables[].acknowledge, or do not count the table as moved',
  SETTING: 'lakehaul settings tells what stands; set it anew, with a reason',
  LEVEL: 'lakehaul replay CHUNK hauls and proves it again, at the level of the plan',
  COLUMNS: 'lakehaul replay CHUNK reads it again; lakehaul tables tells what was accepted of the schema',
  ACCEPTED: 'ask whom it names; lakehaul replay CHUNK ends an acceptance',
  TABLE_SEAL: 'lakehaul seal TABLE takes a new one',
};

/** Collects; the list is bounded, the counts are complete. */
export class Findings {
  readonly list: Finding[] = [];
  readonly counts = new Map<FindingCode, number>();
  readonly notes = new Map<NoteCode, number>();
  readonly #limit: number;

  constructor(limit = 1_000) {
    this.#limit = limit;
  }

  get total(): number {
    let sum = 0;
    for (const count of this.counts.values()) sum += count;
    return sum;
  }

  add(code: FindingCode, key: string, what: string): void {
    this.counts.set(code, (this.counts.get(code) ?? 0) + 1);
    if (this.list.length < this.#limit) this.list.push({ code, key, what, next: NEXT[code] ?? NEXT_SEAL });
  }

  note(code: NoteCode, by = 1): void {
    if (by > 0) this.notes.set(code, (this.notes.get(code) ?? 0) + by);
  }
}
