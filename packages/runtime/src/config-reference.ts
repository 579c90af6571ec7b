/** `lakehaul config reference`: every field of lakehaul.yaml, straight from the schema. */
import type { z } from 'zod';
import { bare } from './migration-config.ts';
import { MIGRATION_SCHEMA } from './migration-schema.ts';

export function configReference(): string {
  return ['lakehaul.yaml', ...fieldLines(MIGRATION_SCHEMA, '  ')].join('\n');
}

function fieldLines(schema: z.core.$ZodType, indent: string): string[] {
  const shape = (bare(schema) as z.ZodObject).shape as Record<string, z.ZodType>;
  return Object.entries(shape).flatMap(([name, field]) => {
    const inner = bare(field) as z.ZodType;
    const element = inner._zod.def.type === 'array' ? (bare((inner as z.ZodArray).element) as z.ZodType) : null;
    const doc = field.description ?? inner.description ?? element?.description ?? '';
    const nested = element ?? inner;
    const head = `${indent}${name}${element === null ? '' : '[]'}  ${noteOf(field, nested)}`.trimEnd();
    return [
      head,
      ...(doc === '' ? [] : [`${indent}    ${doc}`]),
      ...(nested._zod.def.type === 'object' ? fieldLines(nested, `${indent}  `) : []),
    ];
  });
}

function noteOf(field: z.ZodType, inner: z.ZodType): string {
  const words = inner._zod.def.type === 'enum' ? `${(inner as z.ZodEnum).options.join(' | ')}; ` : '';
  const def = field._zod.def as { type: string; defaultValue?: unknown };
  if (def.type === 'default' || def.type === 'prefault') {
    const value = def.defaultValue;
    return typeof value === 'object'
      ? `(${words}optional)`
      : `(${words}default ${value === '' ? 'empty' : String(value)})`;
  }
  return `(${words}${def.type === 'optional' ? 'optional' : 'required'})`;
}
