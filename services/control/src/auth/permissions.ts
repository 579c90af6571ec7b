/** Which role may do what: the only place that says so. A route names one of these and cannot be registered without. */
import type { Principal, Role } from './principal.ts';

export const PERMISSIONS = {
  /** Health, for whoever runs the process. The only ones that ask for no token. */
  public: [],
  read: ['viewer', 'operator', 'approver', 'examiner'],
  /** Pauses, limits, priorities: each can be taken back. */
  steer: ['operator'],
  /** New attempts of chunks: costs the source a scan, loses nothing. */
  replay: ['operator'],
  /** To ask for what cannot be undone. */
  propose: ['operator', 'approver'],
  /** To see values: the rows in which a chunk differed. */
  rows: ['examiner'],
  /** To declare a business process failing or well again. */
  signal: ['operator', 'approver', 'reporter'],
  /** To have it done: somebody else's proposal only. */
  approve: ['approver'],
} as const satisfies Record<string, readonly Role[]>;

export type Permission = keyof typeof PERMISSIONS;

export function mayDo(principal: Principal, permission: Permission): boolean {
  const roles: readonly Role[] = PERMISSIONS[permission];
  return roles.some((role) => principal.roles.has(role));
}

export function rolesText(permission: Permission): string {
  return PERMISSIONS[permission].join(' or ');
}
