import { createHash } from 'node:crypto';

/** Safe in paths, job ids and labels, and unique: a readable slug and a digest of the exact names. */
export function tableIdOf(schema: string, table: string): string {
  const digest = createHash('sha256').update(`${schema}\0${table}`).digest('hex').slice(0, 8);
  return `${slug(schema)}-${slug(table)}-${digest}`;
}

function slug(name: string): string {
  const text = name
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 40);
  return text === '' ? 'x' : text;
}
