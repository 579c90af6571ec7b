/** Who asks: known by a token of the file or by one of the identity provider. */

/**
 * `viewer` reads; `operator` steers what can be steered back; `approver` signs what cannot be undone. None includes
 * another one but that these three may read: who approves is not by that the one who operates. `reporter` is for machines:
 * it declares business processes failing, and sees nothing. `examiner` sees the rows in which a chunk differed: values of
 * the tables, which are nobody else's business.
 */
export const ROLES = ['viewer', 'operator', 'approver', 'reporter', 'examiner'] as const;
export type Role = (typeof ROLES)[number];

export interface Principal {
  /** `token:anna`, `oidc:anna@acme.example`: what records call `who`. Two ways in are two names. */
  id: string;
  roles: ReadonlySet<Role>;
}

/** Null: not known. Why is nobody's business. */
export type KnowsBearer = (token: string) => Promise<Principal | null>;
