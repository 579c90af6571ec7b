/** docs/json-output.md, written from the verbs' own shapes and from examples that the tests took from real output. */
import { z } from 'zod';
import type { Verb } from '../verb.ts';
import { ERROR_JSON, type JsonOutput } from './common.ts';

/** Where the example of a document lies: `config check` is config-check.json. */
export function exampleName(output: Pick<JsonOutput, 'command'>): string {
  const words = output.command.toLowerCase().match(/[a-z]+/g) ?? [];
  return `${words.join('-')}.json`;
}

export const ERROR_OUTPUT: JsonOutput = {
  command: 'error',
  says: 'What any verb prints instead when it stops with an error; the exit code tells the kind.',
  shape: ERROR_JSON,
};

export function jsonOutputs(verbs: readonly Verb[]): JsonOutput[] {
  return [...verbs.flatMap((verb) => verb.json ?? []), ERROR_OUTPUT];
}

/** `examples` by file name; the text of each. */
export function jsonPage(verbs: readonly Verb[], examples: ReadonlyMap<string, string>): string {
  const sections = jsonOutputs(verbs).map((output) => {
    const example = examples.get(exampleName(output));
    return [
      `## ${output === ERROR_OUTPUT ? 'An error' : `lakehaul ${output.command} --json`}`,
      '',
      output.says,
      '',
      '```ts',
      shapeText(z.toJSONSchema(output.shape, { unrepresentable: 'any' }), ''),
      '```',
      ...(example === undefined ? [] : ['', 'For example:', '', '```json', example.trimEnd(), '```']),
    ].join('\n');
  });
  return `${[INTRODUCTION, ...sections].join('\n\n')}\n`;
}

const INTRODUCTION = `# What \`--json\` prints

Written from the shapes in \`packages/cli/src/json\` by \`packages/cli/src/print/json-page.test.ts\`; do not edit.

One document on stdout, everything else on stderr. The shapes are stable: fields may be added, none is renamed or removed
without a note in ARCHITECTURE.md. 64-bit numbers are decimal text, sizes are bytes, times are ISO 8601 in UTC. Exit codes:
0 done, 1 failed, 2 usage, 3 refused by a rule, 4 not proven.`;

type Schema = z.core.JSONSchema.BaseSchema;

/** A JSON schema as a person reads it. */
function shapeText(schema: Schema, indent: string): string {
  if (schema.title !== undefined) return schema.title;
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) return alternatives.map((each) => shapeText(each as Schema, indent)).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.type === 'array') return arrayText(shapeText((schema.items ?? {}) as Schema, indent));
  if (schema.properties !== undefined) return objectText(schema, indent);
  if (schema.type === 'object')
    return `{ [name]: ${shapeText((schema.additionalProperties ?? {}) as Schema, indent)} }`;
  return schema.type === undefined ? 'any' : String(schema.type === 'string' ? 'text' : schema.type);
}

function arrayText(element: string): string {
  return element.startsWith('{') || !element.includes(' ') ? `${element}[]` : `(${element})[]`;
}

function objectText(schema: Schema, indent: string): string {
  const required = new Set(schema.required ?? []);
  const inner = `${indent}  `;
  const lines = Object.entries(schema.properties ?? {}).map(([name, field]) => {
    const { description } = field as Schema;
    const note = description === undefined ? '' : `  // ${description}`;
    const [first = '', ...rest] = shapeText(field as Schema, inner).split('\n');
    return [`${inner}${name}${required.has(name) ? '' : '?'}: ${first}${note}`, ...rest].join('\n');
  });
  return ['{', ...lines, `${indent}}`].join('\n');
}
