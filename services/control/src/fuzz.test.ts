import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiWorld, SALES } from '../../../test/support/api-world.ts';

const api = new ApiWorld();
await api.seed();
const { app, model } = await api.process();
beforeAll(() => model.refreshOnce());
afterAll(() => app.close());

interface Schema {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  additionalProperties?: Schema | boolean;
}

interface Operation {
  parameters?: { in: 'path' | 'query' | 'header'; name: string; required?: boolean; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}

/** Values that routes know how to take, and every kind that they do not. */
const KNOWN = [
  'public.flights',
  SALES.tableId,
  `${SALES.tableId}/g1/2`,
  'g1',
  '2',
  'unload',
  '*',
  '*::load',
  'HASH_MISMATCH',
];
const anyText = fc.oneof(
  fc.constantFrom(
    ...KNOWN,
    '',
    '..',
    '../..',
    '%',
    '%2e%2e',
    '__proto__',
    'constructor',
    '\u0000',
    '💥',
    "' OR 1=1 --",
    '9'.repeat(40),
    '-1',
    '1e400',
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constant('x'.repeat(5_000)),
);
const anything = fc.oneof(anyText, fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<unknown>);

/** Mostly what the schema allows, now and then anything. */
function someOf(schema: Schema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 8, arbitrary: allowed(schema) }, { weight: 1, arbitrary: anything });
}

function allowed(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(allowed));
  const [type] = [schema.type ?? 'string'].flat();
  switch (type) {
    case 'integer':
    case 'number':
      return fc.integer({ min: schema.minimum ?? -5, max: Math.min(schema.maximum ?? 1_000, 2 ** 31) });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(someOf(schema.items ?? {}), { maxLength: 4 });
    case 'object': {
      const { properties, additionalProperties } = schema;
      if (properties === undefined)
        return fc.dictionary(
          anyText,
          typeof additionalProperties === 'object' ? someOf(additionalProperties) : anything,
          { maxKeys: 3 },
        );
      const fields = Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, someOf(field)]));
      return fc.record(fields, { requiredKeys: schema.required ?? [] });
    }
    default:
      return anyText;
  }
}

function requestOf(
  path: string,
  operation: Operation,
): fc.Arbitrary<{ url: string; key: string | undefined; body: unknown }> {
  const parameters = operation.parameters ?? [];
  const of = (place: string) => parameters.filter((each) => each.in === place);
  const texts = (place: string) =>
    fc.record(
      Object.fromEntries(
        of(place).map(({ name, schema }) => [
          name,
          someOf(schema).map((value) => (typeof value === 'string' ? value : JSON.stringify(value))),
        ]),
      ),
      {
        requiredKeys: of(place)
          .filter((each) => each.required === true)
          .map((each) => each.name),
      },
    ) as fc.Arbitrary<Record<string, string>>;
  const schema = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  return fc
    .record({
      path: texts('path'),
      query: texts('query'),
      key: fc.option(fc.stringMatching(/^[a-z]{8}$/), { nil: undefined }),
      body: schema === undefined ? fc.constant(undefined) : someOf(schema),
    })
    .map(({ path: values, query, key, body }) => {
      const filled = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(values[name] ?? 'x'));
      const search = new URLSearchParams(Object.entries(query)).toString();
      return { url: search === '' ? filled : `${filled}?${search}`, key, body };
    });
}

const document = (await app.inject({ url: '/openapi.json', headers: { authorization: 'Bearer viewer' } })).json();
const operations = Object.entries<Record<string, Operation>>(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({
    path,
    method: method.toUpperCase() as 'GET' | 'POST' | 'PATCH',
    operation,
  })),
);

type Described = (typeof operations)[number];

/** The statuses seen. */
async function fuzz(on: typeof app, { path, method, operation }: Described): Promise<Set<number>> {
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(requestOf(path, operation), async ({ url, key, body }) => {
      const answer = await on.inject({
        method,
        url,
        headers: {
          authorization: 'Bearer viewer+operator+approver',
          ...(key === undefined ? {} : { 'idempotency-key': key }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
      });
      seen.add(answer.statusCode);
      expect(answer.statusCode, `${answer.body} for ${url}`).toBeLessThan(500);
      if (answer.statusCode < 400) return;
      // A refusal has a code and a next step, and shows nothing of what is inside.
      const { code, next, status } = answer.json();
      expect([typeof code, next === '', status]).toEqual(['string', false, answer.statusCode]);
      expect(answer.body).not.toMatch(/node_modules|\bat .*\.ts:\d/);
    }),
    { numRuns: method === 'GET' ? 60 : 80 },
  );
  return seen;
}

it.each(operations.filter(({ path }) => path !== '/v1/events'))(
  'no request to $method $path makes the service fail',
  async (described) => {
    const seen = await fuzz(app, described);
    // It was no row of refusals at the door: some requests were understood.
    expect([...seen].some((status) => status === 200 || status === 404 || status === 422)).toBe(true);
    expect(api.errors).toEqual([]);
  },
);

it('a service that fails is found out, and shows nothing of what is inside', async () => {
  const broken = await api.process({ limits: undefined as unknown as [] });
  await broken.model.refreshOnce();
  const queues = operations.find(({ path }) => path === '/v1/queues');
  if (queues === undefined) throw new Error('no /v1/queues');
  await expect(fuzz(broken.app, queues)).rejects.toThrow(/Property failed/);
  expect(api.errors).not.toEqual([]);
  const answer = await broken.app.inject({ url: '/v1/queues', headers: { authorization: 'Bearer viewer' } });
  expect([answer.statusCode, answer.json().code]).toEqual([500, 'INTERNAL']);
  expect(answer.body).not.toMatch(/undefined|TypeError/);
  await broken.app.close();
});
