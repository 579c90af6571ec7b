import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Which packages of ours each one may import: the house of ARCHITECTURE.md. Arrows point one way only. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  core: [],
  planning: ['core'],
  fingerprint: ['core'],
  adapters: ['fingerprint', 'core'],
  ledger: ['core'],
  audit: ['core', 'ledger', 'planning'],
  queue: ['core'],
  gates: ['core'],
  throttle: ['core'],
  runtime: ['core', 'throttle'],
  sandbox: ['core'],
  fleet: ['core', 'adapters', 'ledger', 'audit', 'queue', 'runtime'],
  operate: ['core', 'adapters', 'ledger', 'planning', 'gates', 'throttle'],
  planner: [
    'core',
    'fleet',
    'operate',
    'planning',
    'fingerprint',
    'adapters',
    'ledger',
    'queue',
    'gates',
    'runtime',
    'throttle',
  ],
  worker: ['core', 'fleet', 'fingerprint', 'adapters', 'ledger', 'queue', 'runtime', 'throttle'],
  verifier: ['core', 'fleet', 'fingerprint', 'adapters', 'ledger', 'audit', 'queue', 'gates', 'runtime'],
  control: ['core', 'fleet', 'operate', 'adapters', 'ledger', 'queue', 'gates', 'runtime', 'throttle'],
  console: ['core', 'operate'],
  cli: [
    'core',
    'fleet',
    'operate',
    'planning',
    'fingerprint',
    'adapters',
    'ledger',
    'audit',
    'queue',
    'gates',
    'throttle',
    'runtime',
    'sandbox',
    'planner',
    'worker',
    'verifier',
    'control',
    'console',
  ],
};

const ROOT = join(import.meta.dirname, '../..');
/** A room of its own within control: it runs in browsers. */
const WEB = join(ROOT, 'services/control/web');
const SHAPES = join(WEB, 'src/shapes.ts');

interface Import {
  file: string;
  specifier: string;
}

function sources(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.parentPath.includes('node_modules'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => directory === WEB || !file.startsWith(`${WEB}/`));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  const statements = text.matchAll(
    /^(?:import|export)\b[^;'"`=]*?\bfrom\s+'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm,
  );
  return [...statements].map((match) => ({ file, specifier: match[1] ?? match[2] ?? match[3] ?? '' }));
}

/** Files that reach themselves: Tarjan's strongly connected components, each with more than one file or an own import. */
function circlesOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  const visit = (file: string): number => {
    order.set(file, order.size);
    let low = order.get(file) ?? 0;
    stack.push(file);
    for (const next of graph.get(file) ?? []) {
      if (!order.has(next)) low = Math.min(low, visit(next));
      else if (stack.includes(next)) low = Math.min(low, order.get(next) ?? low);
    }
    if (low === order.get(file)) {
      const circle = stack.splice(stack.indexOf(file));
      if (circle.length > 1 || graph.get(file)?.includes(file)) circles.push(circle.sort());
    }
    return low;
  };
  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return circles.sort();
}

/**
 * The only circles: an expression holds queries and calls, which hold expressions. A file that joins one of them, or
 * leaves it, changes this list.
 */
const GRAMMAR = [
  { home: 'packages/sandbox/src/sql', files: ['parse-call', 'parse-expression', 'parse-primary'] },
  {
    home: 'packages/sandbox/src/sql',
    files: [
      ...['emit-aggregate', 'emit-arithmetic', 'emit-call', 'emit-expression', 'emit-from', 'emit-query'],
      ...['emit-select', 'emit-window', 'functions'],
    ],
  },
];

const rooms = [
  ...['packages', 'services'].flatMap((parent) =>
    readdirSync(join(ROOT, parent)).map((name) => ({ name, directory: join(ROOT, parent, name) })),
  ),
  { name: 'console', directory: WEB },
];

describe('the house', () => {
  it('every package and service has a place in the table', () => {
    expect(rooms.map((room) => room.name).sort()).toEqual(Object.keys(MAY_IMPORT).sort());
  });

  it.each(rooms)('$name imports only what lies below it', ({ name, directory }) => {
    const wrong = sources(directory)
      .flatMap(importsOf)
      .filter(({ file, specifier }) => {
        const other = /^@lakehaul\/([^/]+)/.exec(specifier)?.[1];
        if (other === undefined) return false;
        const isTest = /\.test\.ts$/.test(file);
        return !(MAY_IMPORT[name]?.includes(other) || other === name || (isTest && other === 'sandbox'));
      });
    expect(wrong).toEqual([]);
  });

  it.each(rooms)('$name declares what it imports', ({ name, directory }) => {
    const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    const declared = new Set(Object.keys(manifest.dependencies ?? {}));
    const wrong = sources(directory)
      .filter((file) => !/\.test\.ts$/.test(file))
      .flatMap(importsOf)
      .filter(({ specifier }) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
      .map(({ specifier }) =>
        specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : (specifier.split('/')[0] ?? ''),
      )
      .filter((dependency) => dependency !== `@lakehaul/${name}` && !declared.has(dependency));
    expect([...new Set(wrong)]).toEqual([]);
  });

  it('no import crosses a package by a relative path', () => {
    const wrong = rooms.flatMap(({ directory }) =>
      sources(directory)
        .filter((file) => !/\.test\.ts$/.test(file))
        .flatMap(importsOf)
        .filter(
          ({ file, specifier }) => specifier.startsWith('.') && !join(file, '..', specifier).startsWith(directory),
        )
        .filter(({ file }) => file !== SHAPES),
    );
    expect(wrong).toEqual([]);
  });

  it.each([
    ...rooms,
    { name: 'test', directory: join(ROOT, 'test') },
    { name: 'bench', directory: join(ROOT, 'bench') },
  ])('no files of $name import each other in a circle, types included', ({ name, directory }) => {
    const files = sources(directory);
    const graph = new Map(
      files.map((file) => [
        file,
        importsOf(file)
          .filter(({ specifier }) => specifier.startsWith('.'))
          .map(({ specifier }) => join(file, '..', specifier)),
      ]),
    );
    const circles = circlesOf(graph).map((circle) => circle.map((file) => relative(ROOT, file)).join(' '));
    const grammar = GRAMMAR.map(({ home, files }) => files.map((file) => `${home}/${file}.ts`).join(' '));
    expect(circles.sort()).toEqual(name === 'sandbox' ? grammar.sort() : []);
  });

  it('a circle is found wherever one begins, once each', () => {
    const graph = new Map(
      Object.entries({ a: ['b'], b: ['c', 'x'], c: ['b'], d: ['e'], e: ['f'], f: ['d', 'a'], g: ['g'], h: ['a', 'd'] }),
    );
    expect(circlesOf(graph)).toEqual([['b', 'c'], ['d', 'e', 'f'], ['g']]);
  });

  it('the console takes types from the service that serves it, and from one file only; nothing that runs', () => {
    const statements = readFileSync(SHAPES, 'utf8').match(/^import\b.*/gm) ?? [];
    expect(statements.length).toBeGreaterThan(3);
    expect(statements.filter((each) => !each.startsWith('import type '))).toEqual([]);
    const others = sources(WEB).filter(
      (file) => file !== SHAPES && importsOf(file).some((each) => /^@lakehaul\//.test(each.specifier)),
    );
    expect(others).toEqual([]);
  });

  it('the oracle imports nothing of ours', () => {
    const oracle = 'packages/sandbox/src/oracle.ts';
    const own = './oracle-json.ts';
    for (const file of [oracle, join(oracle, '..', own)]) {
      const imports = importsOf(join(ROOT, file)).map((entry) => entry.specifier);
      const ours = imports.filter((specifier) => specifier.startsWith('@lakehaul') || specifier.startsWith('.'));
      expect(ours).toEqual(file === oracle ? [own] : []);
      expect(imports).toContain('@duckdb/node-api');
    }
    // The tests' own door to it adds nothing.
    const door = importsOf(join(ROOT, 'test/support/oracle.ts')).map((entry) => entry.specifier);
    expect(door).toEqual([`../../${oracle}`]);
  });

  it('no product code knows of the sandbox', () => {
    const wrong = rooms
      .filter((room) => room.name !== 'sandbox' && room.name !== 'cli')
      .flatMap(({ directory }) => sources(directory).filter((file) => !/\.test\.ts$/.test(file)))
      .filter((file) => /@lakehaul\/sandbox/.test(readFileSync(file, 'utf8')));
    expect(wrong).toEqual([]);
  });
});
