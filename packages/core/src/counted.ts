/** A whole number as people read it: with thousands separators, exact for any bigint. */
export function separated(value: bigint | number | string): string {
  return BigInt(value)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/**
 * `1 chunk`, `1,234 chunks`: the one place that chooses between the two. What has another plural than -s, or a verb behind
 * it, brings both along: `counted(n, 'chunk waits', 'chunks wait')`.
 */
export function counted(value: bigint | number | string, one: string, many = `${one}s`): string {
  return `${separated(value)} ${BigInt(value) === 1n ? one : many}`;
}
