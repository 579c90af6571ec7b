/**
 * `lakehaul config schema`: lakehaul.yaml as JSON Schema, for editors. It says of each field what stands in the file
 * (`48GiB`, not bytes). Rules that span fields (migration-rules.ts) and the bounds of a duration are not in it:
 * what it takes may still be refused by `lakehaul config check`, never the other way round.
 */
import { z } from 'zod';
import { MIGRATION_SCHEMA } from './migration-schema.ts';

/** Draft 7: the newest that yaml-language-server reads whole. */
export function configSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(MIGRATION_SCHEMA, { io: 'input', target: 'draft-7' }), title: 'lakehaul.yaml' };
}

/** As a file, with a line end. */
export function configSchemaText(): string {
  return `${JSON.stringify(configSchema(), null, 2)}\n`;
}
