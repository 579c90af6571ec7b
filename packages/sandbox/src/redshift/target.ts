import { invalid } from './service-error.ts';
import type { RedshiftSwitches } from './switches.ts';

/** Where a statement runs and as whom. */
export interface StatementTarget {
  clusterIdentifier: string | null;
  workgroupName: string | null;
  database: string;
  dbUser: string;
  secretArn: string | null;
}

/** Checks the target and authentication fields of a call against the configured cluster or workgroup. */
export function readTarget(input: Record<string, unknown>, switches: RedshiftSwitches): StatementTarget {
  const text = (name: string): string | null => (typeof input[name] === 'string' ? (input[name] as string) : null);
  const clusterIdentifier = text('ClusterIdentifier');
  const workgroupName = text('WorkgroupName');
  const dbUser = text('DbUser');
  const secretArn = text('SecretArn');
  const database = text('Database');
  if (clusterIdentifier !== null && workgroupName !== null)
    throw invalid('Only one of ClusterIdentifier or WorkgroupName can be specified.');
  if (clusterIdentifier === null && workgroupName === null)
    throw invalid('Either ClusterIdentifier or WorkgroupName must be specified.');
  const isKnown =
    clusterIdentifier === null
      ? switches.workgroupNames.includes(workgroupName as string)
      : switches.clusterIdentifiers.includes(clusterIdentifier);
  if (!isKnown) throw invalid("Redshift endpoint doesn't exist in this region.");
  if (database === null) throw invalid('Database must not be null.');
  if (workgroupName !== null && dbUser !== null) throw invalid('DbUser is not supported with WorkgroupName.');
  if (dbUser !== null && secretArn !== null) throw invalid('Only one of DbUser or SecretArn can be specified.');
  if (secretArn !== null && switches.secretArns !== null && !switches.secretArns.includes(secretArn))
    throw invalid("Secrets Manager can't find the specified secret.");
  return { clusterIdentifier, workgroupName, database, dbUser: dbUser ?? 'IAM:sandbox', secretArn };
}
