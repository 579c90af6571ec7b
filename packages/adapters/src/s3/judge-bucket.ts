/** Whether a bucket keeps the promise that no receipt is ever changed or removed (I5). Pure. */
import type { Answer, BucketSettings } from './bucket-settings.ts';

export interface BucketAdvice {
  name: string;
  /** Null: we may not ask. */
  isFine: boolean | null;
  what: string;
  next: string;
}

/** Folders whose objects must stay for ever; rows of diffs and probes need not. */
const KEPT = [
  'chunks/00/t/g1/x.json',
  'plans/heads/x.json',
  'records/x/1.json',
  'reopened/x.json',
  'folds/x.json',
  'ledger-seals/1.json',
];

export function judgeLedgerBucket(settings: BucketSettings, root: string): BucketAdvice[] {
  const judge = <T>(
    name: string,
    answer: Answer<T>,
    permission: string,
    tell: (value: T) => [boolean, string],
    next: string,
  ): BucketAdvice => {
    if (!answer.isKnown)
      return {
        name,
        isFine: null,
        what: `not known: ${answer.error.code}`,
        next: `allow ${permission} on the bucket, or look yourself`,
      };
    const [isFine, what] = tell(answer.value);
    return { name, isFine, what, next: isFine ? '' : next };
  };
  const policyNext = 'put deploy/s3/ledger-bucket-policy.json on the bucket, with your names in it';
  const kept = KEPT.map((path) => `arn:aws:s3:::${settings.bucket}/${root}/${path}`);
  const denies = (policy: string | null, action: string) =>
    kept.every((resource) => isDenied(policy, action, resource));
  return [
    judge(
      'deletion',
      settings.policy,
      's3:GetBucketPolicy',
      (policy) =>
        denies(policy, 's3:DeleteObject') && denies(policy, 's3:DeleteObjectVersion')
          ? [true, 'denied to everybody']
          : [false, 'the bucket policy does not deny it to everybody'],
      policyNext,
    ),
    judge(
      'overwriting',
      settings.policy,
      's3:GetBucketPolicy',
      (policy) =>
        denies(policy, 's3:PutObject')
          ? [true, 'denied to everybody']
          : [false, 'a PUT without If-None-Match is not denied'],
      policyNext,
    ),
    judge(
      'public access',
      settings.blocksPublicAccess,
      's3:GetBucketPublicAccessBlock',
      (isBlocked) => (isBlocked ? [true, 'blocked'] : [false, 'not blocked']),
      'switch all four blocks of public access on',
    ),
    judge(
      'policy status',
      settings.isPublic,
      's3:GetBucketPolicyStatus',
      (isPublic) => (isPublic ? [false, 'public'] : [true, 'not public']),
      'take the Allow for everybody out of the bucket policy',
    ),
    judge(
      'versioning',
      settings.isVersioned,
      's3:GetBucketVersioning',
      (isOn) => (isOn ? [true, 'on'] : [false, 'off']),
      'switch it on: Object Lock needs it, and an overwritten receipt can be found again',
    ),
    judge(
      'Object Lock',
      settings.objectLock,
      's3:GetBucketObjectLockConfiguration',
      (lock) =>
        lock === null ? [false, 'off'] : lock === '' ? [false, 'on, without a default retention'] : [true, lock],
      'switch it on with a default retention longer than the migration; see deploy/s3/README.md for the diffs',
    ),
    judge(
      'encryption',
      settings.encryption,
      's3:GetEncryptionConfiguration',
      (algorithm) => (algorithm === null ? [false, 'off'] : [true, algorithm]),
      'switch default encryption on',
    ),
    judge(
      'lifecycle of diffs',
      settings.lifecycle,
      's3:GetLifecycleConfiguration',
      (rules) => {
        const own = rules.filter((rule) => rule.Status === 'Enabled' && rule.Expiration?.Days !== undefined);
        const prefixes = own.map((rule) => rule.Filter?.Prefix ?? rule.Filter?.And?.Prefix ?? '');
        const harmful = prefixes.find((prefix) => !prefix.startsWith(`${root}/diffs/`));
        if (harmful !== undefined) return [false, `a rule expires objects under "${harmful}", receipts among them`];
        return prefixes.includes(`${root}/diffs/`)
          ? [true, `rows go after ${own[0]?.Expiration?.Days} days`]
          : [false, 'rows of diffs never expire by a rule'];
      },
      'put deploy/s3/ledger-lifecycle.json on the bucket; no rule may expire anything else under the ledger',
    ),
  ];
}

interface Statement {
  Effect?: unknown;
  Principal?: unknown;
  Action?: unknown;
  Resource?: unknown;
  Condition?: unknown;
}

/** By a Deny for everybody whose conditions hold for any write without If-None-Match. Other conditions prove nothing. */
function isDenied(policy: string | null, action: string, resource: string): boolean {
  return statementsOf(policy).some(
    (each) =>
      each.Effect === 'Deny' &&
      (each.Principal === '*' || JSON.stringify(each.Principal) === '{"AWS":"*"}') &&
      matches(each.Action, action, true) &&
      matches(each.Resource, resource, false) &&
      isUnconditional(each.Condition, action),
  );
}

function statementsOf(policy: string | null): Statement[] {
  if (policy === null) return [];
  try {
    const { Statement: found } = JSON.parse(policy) as { Statement?: Statement | Statement[] };
    return found === undefined ? [] : Array.isArray(found) ? found : [found];
  } catch {
    return [];
  }
}

function isUnconditional(condition: unknown, action: string): boolean {
  if (condition === undefined) return true;
  if (action !== 's3:PutObject') return false;
  // A deny of every PutObject would stop us too, so this one must be by If-None-Match (AWS: Enforce conditional writes).
  const text = JSON.stringify(condition).toLowerCase();
  return (
    text === '{"null":{"s3:if-none-match":"true"},"bool":{"s3:objectcreationoperation":"true"}}' ||
    text === '{"null":{"s3:if-none-match":"true"}}'
  );
}

function matches(patterns: unknown, value: string, isCaseless: boolean): boolean {
  const list: unknown[] = Array.isArray(patterns) ? patterns : [patterns];
  return list.some((each) => {
    if (typeof each !== 'string') return false;
    const body = each
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    return new RegExp(`^${body}$`, isCaseless ? 'is' : 's').test(value);
  });
}
