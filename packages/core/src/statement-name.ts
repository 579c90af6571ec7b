/** Names by which the source's statements are found again, whoever sent them: a function of the attempt and the submission. */
import type { AttemptRef } from './chunk.ts';

/** Redshift StatementName of an unload submission. */
export function unloadName(migration: string, attempt: AttemptRef, submission: number): string {
  return `${unloadNamePrefix(migration)}${attempt.tableId}-g${attempt.generation}-c${attempt.chunk}-a${attempt.attempt}-s${submission}`;
}

/** What all of a migration's unload names begin with; those of a migration `demo-2` begin with `demo`'s too. */
export function unloadNamePrefix(migration: string): string {
  return `lakehaul-${migration}-`;
}

const REST = /^(.+)-g(\d{1,9})-c(\d{1,10})-a(\d{1,5})-s(\d{1,9})$/s;

/** Null when the name is none of this migration's unloads. The table may be another migration's: look it up in the plans. */
export function parseUnloadName(migration: string, name: string): (AttemptRef & { submission: number }) | null {
  const prefix = unloadNamePrefix(migration);
  const parts = name.startsWith(prefix) ? REST.exec(name.slice(prefix.length)) : null;
  if (parts === null) return null;
  const [generation, chunk, attempt, submission] = parts.slice(2).map(Number) as [number, number, number, number];
  return { tableId: String(parts[1]), generation, chunk, attempt, submission };
}
