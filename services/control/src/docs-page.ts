/** The API for people: one plain page without scripts, written from its OpenAPI description. */
interface Operation {
  tags?: string[];
  summary?: string;
  description?: string;
  parameters?: { in: string; name: string; required?: boolean; description?: string; schema?: Schema }[];
  requestBody?: { content?: Record<string, { schema?: Schema }> };
  responses?: Record<string, { content?: Record<string, { schema?: Schema }> }>;
}

interface Schema {
  type?: string | string[];
  description?: string;
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  additionalProperties?: Schema | boolean;
  default?: unknown;
}

const METHODS = ['get', 'post', 'patch'] as const;

export function docsPage(document: unknown): string {
  const { paths = {}, info } = document as {
    paths?: Record<string, Partial<Record<string, Operation>>>;
    info: { title: string; version: string };
  };
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation === undefined ? [] : [{ path, method: method.toUpperCase(), operation }];
    }),
  );
  const tags = [...new Set(operations.map(({ operation }) => operation.tags?.[0] ?? ''))];
  const sections = tags.map(
    (tag) =>
      `<h2>${escaped(tag)}</h2>${operations
        .filter(({ operation }) => operation.tags?.[0] === tag)
        .map((each) => operationHtml(each.method, each.path, each.operation))
        .join('')}`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(info.title)}</title><style>${STYLE}</style></head><body><main><h1>${escaped(info.title)} <small>${escaped(info.version)}</small></h1><p>Send <code>Authorization: Bearer TOKEN</code>. A change needs a <code>reason</code> and an <code>Idempotency-Key</code>; with <code>dryRun</code> it only tells what it would do. Machines read <a href="/openapi.json">openapi.json</a>.</p>${sections.join('')}</main></body></html>`;
}

function operationHtml(method: string, path: string, operation: Operation): string {
  const parameters = (operation.parameters ?? []).map(
    ({ in: place, name, required, description, schema }) =>
      `<tr><td><code>${escaped(name)}</code></td><td>${escaped(place)}${required === true ? ', required' : ''}</td><td>${escaped(typeText(schema ?? {}, ''))}</td><td>${escaped(description ?? schema?.description ?? '')}</td></tr>`,
  );
  const body = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  const answer = Object.values(operation.responses?.['200']?.content ?? {})[0]?.schema;
  return `<section><h3><span>${method}</span> <code>${escaped(path)}</code></h3><p>${escaped(operation.summary ?? '')} ${escaped(operation.description ?? '')}</p>${
    parameters.length === 0 ? '' : `<table>${parameters.join('')}</table>`
  }${body === undefined ? '' : `<details open><summary>Body</summary><pre>${escaped(typeText(body, ''))}</pre></details>`}${
    answer === undefined
      ? ''
      : `<details><summary>Answer</summary><pre>${escaped(typeText(answer, ''))}</pre></details>`
  }</section>`;
}

function typeText(schema: Schema, indent: string): string {
  if (schema.enum !== undefined) return schema.enum.map((each) => JSON.stringify(each)).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const either = schema.anyOf ?? schema.oneOf;
  if (either !== undefined) return either.map((each) => typeText(each, indent)).join(' | ');
  if (schema.type === 'array') return `(${typeText(schema.items ?? {}, indent)})[]`;
  if (schema.type !== 'object') return [schema.type ?? 'any'].flat().join(' | ');
  if (schema.properties === undefined) {
    const inner = schema.additionalProperties;
    return typeof inner === 'object' ? `{ [name]: ${typeText(inner, indent)} }` : '{}';
  }
  const deeper = `${indent}  `;
  const lines = Object.entries(schema.properties).map(([name, field]) => {
    const note = field.description === undefined ? '' : `  // ${field.description}`;
    const isOptional = schema.required?.includes(name) !== true;
    return `${deeper}${name}${isOptional ? '?' : ''}: ${typeText(field, deeper)}${note}`;
  });
  return ['{', ...lines, `${indent}}`].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

const STYLE = `:root{color-scheme:light dark}body{margin:0;font:15px/1.5 system-ui,sans-serif}main{max-width:60rem;margin:0 auto;padding:1.5rem}h1 small{font-weight:400;opacity:.6}h2{margin-top:2.5rem;border-bottom:1px solid #8886}h3{margin:1.5rem 0 .25rem;font-size:1rem}h3 span{display:inline-block;min-width:3.5rem;font-weight:700}p{margin:.25rem 0}pre{overflow:auto;padding:.75rem;border:1px solid #8886;border-radius:4px;font-size:13px;white-space:pre-wrap}table{border-collapse:collapse;font-size:14px}td{padding:.15rem .75rem .15rem 0;vertical-align:top}summary{cursor:pointer}`;
