import type { Clock, Ids, Log, Outside } from '@lakehaul/core';

/** Anything that gives the value only when asked; runtime's Secret is one. */
export interface SecretValue {
  reveal(): string;
}

export type TargetAuth =
  | { kind: 'token'; token: SecretValue }
  | { kind: 'oauth-m2m'; clientId: string; clientSecret: SecretValue };

/** The shape of `target` and `statements` in lakehaul.yaml. */
export interface DatabricksOptions {
  host: string;
  port?: number | undefined;
  /** `/sql/1.0/warehouses/<id>` */
  httpPath: string;
  catalog: string;
  auth: TargetAuth;
  /** PEM file of a certificate authority to trust beside the well-known ones. */
  caFile?: string | undefined;
  statements: { targetTimeoutMs: number };
}

export interface DatabricksDeps {
  outside: Outside;
  clock: Clock;
  ids: Ids;
  log: Log;
}

/** The last part of the path names the warehouse in all REST calls. */
export function warehouseIdOf(httpPath: string): string {
  return httpPath.replace(/\/+$/, '').split('/').at(-1) ?? '';
}
