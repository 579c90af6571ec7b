/** Random tests are the same on every run; `LAKEHAUL_SEED=7` tries another one. */
export function seedOfRun(): number {
  const text = process.env['LAKEHAUL_SEED'] ?? '20261125';
  const seed = Number(text);
  if (!Number.isSafeInteger(seed)) throw new Error(`LAKEHAUL_SEED is "${text}", not a whole number`);
  return seed;
}

/** The seed of the run, printed beside the name of who draws from it. */
export function seedOf(name: string): number {
  const seed = seedOfRun();
  process.stdout.write(`${name}: LAKEHAUL_SEED=${seed}\n`);
  return seed;
}
