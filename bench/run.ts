/** `npm run bench -- NAME`: runs bench/NAME.ts; its last line on stdout is one JSON object with the measured numbers. */
import { readdir } from 'node:fs/promises';

export interface Bench {
  bench(args: readonly string[]): Promise<Record<string, string | number | boolean | readonly number[]>>;
}

const [name = '', ...args] = process.argv.slice(2);
const names = (await readdir(import.meta.dirname))
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .map((file) => file.slice(0, -3))
  // A dash in the name: a part of a bench.
  .filter((file) => file !== 'run' && !file.includes('-'));
if (!names.includes(name)) {
  console.error(`usage: npm run bench -- NAME, with NAME one of: ${names.join(', ')}`);
  process.exitCode = 2;
} else {
  const loaded = (await import(`./${name}.ts`)) as Bench;
  console.log(JSON.stringify({ bench: name, ...(await loaded.bench(args)) }));
}
