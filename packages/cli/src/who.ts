/** Who acts: recorded in the ledger with the reason. A name that the operating system tells is better than none. */
import { hostname, userInfo } from 'node:os';
import { LakehaulError } from '@lakehaul/core';
import type { Flag, VerbCall } from './verb.ts';

export const BY_FLAGS: readonly Flag[] = [
  { name: 'reason', value: 'TEXT', doc: 'why; recorded in the ledger' },
  { name: 'who', value: 'NAME', doc: 'who decides, when it is not the user of this machine' },
];

/** As the API takes them: control characters would end up on the terminals of those who read the record. */
const REASON = /^[^\p{Cc}]{1,1000}$/u;
const WHO = /^[^\p{C}]{1,200}$/u;
/** People whom the API knows are called so, and it has looked who they are. */
const OF_THE_API = /^(token|oidc):/;

export function byWhom(call: VerbCall): { who: string; reason: string } {
  const reason = call.flags['reason'];
  if (typeof reason !== 'string' || reason.trim() === '')
    throw new LakehaulError('USAGE', 'a reason is needed: whoever reads the ledger later will ask for it', {
      next: '--reason "what was found and what was decided"',
    });
  if (!REASON.test(reason.trim()))
    throw new LakehaulError('USAGE', 'a reason is at most 1,000 characters, none of them a control character', {
      next: '--reason "one line"',
    });
  const who = call.flags['who'];
  if (typeof who === 'string' && who.trim() !== '') return { who: named(who.trim()), reason: reason.trim() };
  return { who: `${userName()}@${hostname()}`, reason: reason.trim() };
}

function named(who: string): string {
  if (WHO.test(who) && !OF_THE_API.test(who)) return who;
  throw new LakehaulError(
    'USAGE',
    OF_THE_API.test(who)
      ? 'names with token: or oidc: are those that the control service has looked at'
      : 'a name is at most 200 characters, none of them a control character',
    { next: '--who anna@acme.example' },
  );
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user id need not have a name.
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}

/** A person is asked; a script has said what it wants by starting us. */
export async function agrees(call: VerbCall, question: string): Promise<boolean> {
  if (call.flags['yes'] === true || call.ask === undefined) return true;
  const answer = await call.ask(`${question} [y/N] `);
  if (/^y(es)?$/i.test(answer.trim())) return true;
  call.terminal.talk('nothing was changed');
  return false;
}
