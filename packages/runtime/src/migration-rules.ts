/**
 * Rules of lakehaul.yaml that span fields, and secrets that must not be in it. They look at the file as it was written,
 * so that they speak up even while single fields are wrong: all problems come at once.
 */
import type { Path } from './yaml-places.ts';

export interface RuleBreach {
  path: Path;
  /** The key is at fault, not its value. */
  isKey?: boolean;
  message: string;
  next: string;
}

type Raw = Readonly<Record<string, unknown>>;

export function brokenRules(file: unknown): RuleBreach[] {
  const root = asMap(file);
  return [
    ...sourceRules(asMap(root['source'])),
    ...authRules(asMap(asMap(root['target'])['auth'])),
    ...bucketRules(asMap(root['staging']), asMap(root['ledger'])),
    ...controlRules(root['control']),
    ...notifyRules(asMap(root['notify'])['receivers']),
    ...throttleRules(root),
    ...secretsIn(file, []),
  ];
}

function sourceRules(source: Raw): RuleBreach[] {
  const breaches: RuleBreach[] = [];
  const needs = (field: string, why: string) => {
    if (source[field] === undefined)
      breaches.push({ path: ['source'], message: `${field} is missing: ${why}`, next: `add source.${field}` });
  };
  const forbids = (field: string, why: string) => {
    if (source[field] !== undefined)
      breaches.push({ path: ['source', field], isKey: true, message: why, next: `remove source.${field}` });
  };
  if (source['kind'] === 'provisioned') {
    needs('clusterIdentifier', 'a provisioned cluster is found by it');
    forbids('workgroupName', 'a provisioned cluster has no workgroup');
  }
  if (source['kind'] === 'serverless') {
    needs('workgroupName', 'a serverless endpoint is found by it');
    forbids('clusterIdentifier', 'a serverless endpoint has no cluster');
    // ExecuteStatement refuses DbUser beside WorkgroupName: the caller's IAM identity is the user.
    forbids('dbUser', 'a serverless endpoint takes its user from IAM or from secretArn');
  }
  if (source['dbUser'] !== undefined && source['secretArn'] !== undefined)
    forbids('dbUser', 'secretArn names the user already');
  return breaches;
}

function authRules(auth: Raw): RuleBreach[] {
  if (auth['kind'] === 'oauth-m2m' && auth['clientId'] === undefined)
    return [
      {
        path: ['target', 'auth'],
        message: 'clientId is missing: oauth-m2m logs in as a service principal',
        next: 'add target.auth.clientId',
      },
    ];
  if (auth['kind'] === 'token' && auth['clientId'] !== undefined)
    return [
      {
        path: ['target', 'auth', 'clientId'],
        isKey: true,
        message: 'a token has no clientId',
        next: 'remove it, or set kind to oauth-m2m',
      },
    ];
  return [];
}

/** Staged files are deleted by prefix, and the ledger never is: one must not lie inside the other. */
function bucketRules(staging: Raw, ledger: Raw): RuleBreach[] {
  const bucket = staging['bucket'];
  if (typeof bucket !== 'string' || bucket !== ledger['bucket'] || staging['endpoint'] !== ledger['endpoint'])
    return [];
  const prefixOf = (section: Raw) => `${String(section['prefix'] ?? '').replace(/\/+$/, '')}/`;
  const [a, b] = [prefixOf(staging), prefixOf(ledger)];
  const overlap = a === '/' || b === '/' || a.startsWith(b) || b.startsWith(a);
  return overlap
    ? [
        {
          path: ['ledger', 'prefix'],
          message: 'ledger and staging overlap',
          next: 'give them different prefixes, or better, different buckets',
        },
      ]
    : [];
}

/** A service that nobody may call would be found out at the first call only. */
function controlRules(control: unknown): RuleBreach[] {
  if (control === undefined) return [];
  const { tokensFile, oidc } = asMap(control);
  if (tokensFile !== undefined || oidc !== undefined) return [];
  return [
    {
      path: ['control'],
      message: 'nobody could log in: neither tokensFile nor oidc is there',
      next: 'add control.tokensFile or control.oidc',
    },
  ];
}

/** Each receiver has exactly one way to its secret, and a name of its own. */
function notifyRules(receivers: unknown): RuleBreach[] {
  if (!Array.isArray(receivers)) return [];
  const names = receivers.map((receiver) => asMap(receiver)['name']);
  return receivers.flatMap((each: unknown, index): RuleBreach[] => {
    const receiver = asMap(each);
    const path = ['notify', 'receivers', index];
    const breaches: RuleBreach[] = [];
    const isPager = receiver['shape'] === 'pagerduty';
    const [own, foreign] = isPager ? [PAGER_FIELDS, URL_FIELDS] : [URL_FIELDS, [...PAGER_FIELDS, 'url']];
    const given = own.filter((field) => receiver[field] !== undefined);
    if (given.length !== 1)
      breaches.push({
        path,
        message: given.length === 0 ? `neither ${own.join(' nor ')} is there` : `${own.join(' and ')} are both set`,
        next: `set one of ${own.join(', ')}`,
      });
    for (const field of foreign)
      if (receiver[field] !== undefined)
        breaches.push({
          path: [...path, field],
          isKey: true,
          message: `a receiver of shape ${String(receiver['shape'])} has no ${field}`,
          next: `remove it; it takes ${own.join(' or ')}`,
        });
    if (names.indexOf(receiver['name']) !== index && receiver['name'] !== undefined)
      breaches.push({
        path: [...path, 'name'],
        message: 'is the name of an earlier receiver',
        next: 'name it differently',
      });
    return breaches;
  });
}

const URL_FIELDS = ['urlEnv', 'urlFile'];
const PAGER_FIELDS = ['routingKeyEnv', 'routingKeyFile'];

function throttleRules(root: Raw): RuleBreach[] {
  const throttle = asMap(root['throttle']);
  const breaches: RuleBreach[] = [];
  const hours = Array.isArray(throttle['blackoutHours']) ? throttle['blackoutHours'] : [];
  for (const [index, window] of hours.entries()) {
    const { from, to } = asMap(window);
    if (typeof from === 'string' && from === to)
      breaches.push({
        path: ['throttle', 'blackoutHours', index, 'to'],
        message: 'from and to are the same time: it would be read as a whole day by some and as nothing by others',
        next: 'write 00:00 to 24:00 for whole days, or use blackoutDates',
      });
  }
  const flagKey = throttle['flagKey'];
  const prefix = String(asMap(root['ledger'])['prefix'] ?? '').replace(/\/+$/, '');
  const own = `${prefix === '' ? '' : `${prefix}/`}${String(root['migration'])}/`;
  if (typeof flagKey === 'string' && flagKey.startsWith(own))
    breaches.push({
      path: ['throttle', 'flagKey'],
      message: 'the flag would lie in the ledger, where nothing is ever removed',
      next: `choose a key that does not begin with ${own}`,
    });
  return breaches;
}

const SECRET_KEYS =
  /^(.*token|.*password|pass|.*secret(key|accesskey)?|client_?secret|.*accesskey(id)?|api_?key|redis_?url|private_?key)$/i;
/** Databricks tokens, AWS access key ids, PEM keys, URLs with a password. */
const SECRET_VALUES =
  /^(dapi[0-9a-f]{16,}|(AKIA|ASIA)[0-9A-Z]{12,}|-----BEGIN [A-Z ]*PRIVATE KEY-----.*|\w+:\/\/[^/\s:]*:[^@\s]+@.*)$/s;

const SECRET_NEXT =
  'take it out of the file, change it if the file was shared, and set LAKEHAUL_TARGET_TOKEN, LAKEHAUL_TARGET_CLIENT_SECRET, LAKEHAUL_REDIS_URL (or *_FILE) or the AWS environment';

function secretsIn(value: unknown, path: Path): RuleBreach[] {
  if (typeof value === 'string' && SECRET_VALUES.test(value))
    return [{ path, message: 'looks like a secret; secrets do not belong in the file', next: SECRET_NEXT }];
  if (Array.isArray(value)) return value.flatMap((item, index) => secretsIn(item, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    isSecretKey(key)
      ? [{ path: [...path, key], isKey: true, message: `${key} does not belong in the file`, next: SECRET_NEXT }]
      : secretsIn(inner, [...path, key]),
  );
}

export function isSecretKey(key: string): boolean {
  return SECRET_KEYS.test(key);
}

function asMap(value: unknown): Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Raw) : {};
}
