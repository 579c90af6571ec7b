/**
 * Between local time and instants in UTC: the same microseconds under another type. `AT TIME ZONE 'UTC'` says the same
 * but goes through ICU, some thirty times slower (3 million rows: 0.3 s against 0.01 s).
 */
export function localOfInstant(sql: string): string {
  return `make_timestamp(epoch_us(${sql}))`;
}

export function instantOfLocal(sql: string): string {
  return `make_timestamptz(epoch_us(${sql}))`;
}
