/** `npm run bench -- NAME`: runs bench/NAME.ts; its last line on stdout is one JSON object with the measured numbers. */
import { readdir } from 'node:fs/promises';

export interface Bench {
  bench(args: readonly string[]): Promise<Record<string, string | number | boolean | readonly number[]>>;
}

const [name = '', ...args] = process.argv.slice(2);
const files = (await readdir(import.meta.dirname))
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .map((file) => file.slice(0, -3));
// NAME-PART belongs to the bench NAME, NAME-process is started by one.
const isPart = (file: string) => file.endsWith('-process') || files.includes(file.split('-').slice(0, -1).join('-'));
const names = files.filter((file) => file !== 'run' && !isPart(file));
if (!names.includes(name)) {
  console.error(`usage: npm run bench -- NAME, with NAME one of: ${names.join(', ')}`);
  process.exitCode = 2;
} else {
  const loaded = (await import(`./${name}.ts`)) as Bench;
  console.log(JSON.stringify({ bench: name, ...(await loaded.bench(args)) }));
}
