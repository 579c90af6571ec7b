/** Random tests are the same on every run; `LAKEHAUL_SEED=7` tries another one, and the seed is printed with each. */
export function seedOf(name: string): number {
  const text = process.env['LAKEHAUL_SEED'] ?? '20261125';
  const seed = Number(text);
  if (!Number.isSafeInteger(seed)) throw new Error(`LAKEHAUL_SEED is "${text}", not a whole number`);
  process.stdout.write(`${name}: LAKEHAUL_SEED=${seed}\n`);
  return seed;
}
