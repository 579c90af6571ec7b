/**
 * Beside every answer of the API: seconds since that process began its last whole look at the ledger. By one clock, unlike
 * `asOf`, which is S3's; and beside a 304 as well, whose body can say nothing.
 */
export const LEDGER_AGE_HEADER = 'lakehaul-ledger-age';

/** Looks come every two seconds and may take some tens of them; what is older than this is told as old. */
export const LEDGER_STALE_MS = 60_000;
