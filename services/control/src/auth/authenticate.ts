/** From a request's Authorization header to who asks. */
import type { KnowsBearer, Principal } from './principal.ts';

export interface AuthRequest {
  method: string;
  headers: { authorization?: string | undefined };
}

export type Authenticate = (request: AuthRequest) => Promise<Principal | null>;

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD']);
const LONGEST_HEADER = 16_384;

/** The ways in, one after the other. */
export function authenticateBy(ways: readonly KnowsBearer[]): Authenticate {
  return async ({ method, headers }) => {
    const token = tokenOf(headers.authorization ?? '', method);
    if (token === null) return null;
    for (const knows of ways) {
      const principal = await knows(token);
      if (principal !== null) return principal;
    }
    return null;
  };
}

/**
 * `Bearer TOKEN`; for reading also `Basic`, with the token as the password, so that a browser can open a page. Never for
 * a change: a browser sends Basic by itself, whoever's page made it ask.
 */
function tokenOf(header: string, method: string): string | null {
  if (header.length > LONGEST_HEADER) return null;
  const [, scheme = '', value = ''] = /^(\S+) +(\S+)$/.exec(header) ?? [];
  if (scheme.toLowerCase() === 'bearer') return value;
  if (scheme.toLowerCase() !== 'basic' || !SAFE_METHODS.has(method)) return null;
  const credentials = Buffer.from(value, 'base64').toString();
  const colon = credentials.indexOf(':');
  return colon < 0 || colon === credentials.length - 1 ? null : credentials.slice(colon + 1);
}
