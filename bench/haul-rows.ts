/** The bench table: sorted by time, half numbers, half text. Rows are functions of their number. */
export const COLUMNS = [
  'id bigint NOT NULL',
  'at timestamp NOT NULL',
  'account integer',
  'amount decimal(12,2)',
  'ratio double precision',
  'kind varchar(16)',
  'is_open boolean',
  'payload varchar(128)',
] as const;

export function rowsSql(rows: number): string {
  return `SELECT
    range AS id,
    TIMESTAMP '2026-01-01 00:00:00' + to_microseconds(CAST(range * 86400 AS BIGINT)) AS at,
    CAST(hash(range * 3) % 100000 AS INTEGER) AS account,
    CAST(CAST(hash(range * 5) % 10000000 AS DECIMAL(14,2)) / 100 AS DECIMAL(12,2)) AS amount,
    CAST(hash(range * 7) % 1000003 AS DOUBLE) / 997 AS ratio,
    ['order', 'refund', 'transfer', 'fee'][1 + CAST(hash(range * 11) % 4 AS BIGINT)] AS kind,
    hash(range * 13) % 3 = 0 AS is_open,
    md5(CAST(range AS VARCHAR)) || md5(CAST(range * 17 AS VARCHAR)) || md5(CAST(range * 19 AS VARCHAR)) AS payload
  FROM range(${rows})`;
}
