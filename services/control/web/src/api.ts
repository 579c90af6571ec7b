/** Requests to the API that this page came from, with the token of whoever reads it. */
import { signal } from '@preact/signals';
import type { Me, Permission, Problem } from './shapes.ts';

const TOKEN_KEY = 'lakehaul.token';

/** Of this tab alone, gone with it: a token outlives no browser window. */
export const token = signal<string | null>(sessionStorage.getItem(TOKEN_KEY));
export const me = signal<Me | null>(null);
/** Why the last log-in is over; empty at first. */
export const loggedOutBecause = signal('');
/** When the service began its last whole look at the ledger, by this machine's clock; 0 before it told. */
export const lookedMs = signal(0);

export class ApiProblem extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** The service did not answer at all. */
export class Unreachable extends Error {}

export function logIn(given: string): void {
  sessionStorage.setItem(TOKEN_KEY, given);
  loggedOutBecause.value = '';
  me.value = null;
  token.value = given;
}

export function logOut(because: string): void {
  sessionStorage.removeItem(TOKEN_KEY);
  loggedOutBecause.value = because;
  me.value = null;
  token.value = null;
}

export function may(permission: Permission): boolean {
  return me.value?.permissions.includes(permission) === true;
}

export interface Answer<T> {
  /** Null: not modified. */
  value: T | null;
  etag: string | null;
}

export async function get<T>(path: string, etag: string | null = null): Promise<Answer<T>> {
  const response = await send(path, etag === null ? {} : { headers: { 'if-none-match': etag } });
  if (response.status === 304) return { value: null, etag };
  return { value: (await response.json()) as T, etag: response.headers.get('etag') };
}

/** `key` names the change: sent again with it, it changes nothing twice. */
export async function change<T>(method: 'POST' | 'PATCH', path: string, body: object, key?: string): Promise<T> {
  const headers = { 'content-type': 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) };
  const response = await send(path, { method, body: JSON.stringify(body), headers });
  return (await response.json()) as T;
}

/** Not crypto.randomUUID: browsers have it on https only. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const sentToken = token.value;
  const headers = new Headers(init.headers);
  headers.set('authorization', `Bearer ${sentToken ?? ''}`);
  let response: Response;
  try {
    // `no-store`: the etag is ours, a second one in the browser's cache would answer 200 for its 304.
    response = await fetch(path, { ...init, headers, cache: 'no-store', credentials: 'omit' });
  } catch (thrown) {
    if (init.signal?.aborted === true) throw thrown;
    throw new Unreachable('the control service does not answer');
  }
  const age = response.headers.get('lakehaul-ledger-age');
  if (age !== null) lookedMs.value = Date.now() - Number(age) * 1_000;
  if (response.ok || response.status === 304) return response;
  const problem = await problemIn(response);
  // What a page asked while it was being left says nothing of the token, and must not take back why it was left.
  if (response.status === 401 && sentToken !== null && token.value === sentToken)
    logOut(me.value === null ? 'That token is not known.' : 'The token is not known any more.');
  throw new ApiProblem(problem);
}

async function problemIn(response: Response): Promise<Problem> {
  try {
    return (await response.json()) as Problem;
  } catch {
    // A proxy's own page.
    const detail = `${response.status} ${response.statusText}`;
    return {
      type: '',
      title: '',
      status: response.status,
      code: 'UNAVAILABLE',
      detail,
      where: '',
      next: '',
      requestId: '',
    };
  }
}
