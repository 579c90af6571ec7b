/**
 * As much of bucket policies as can be run faithfully with one account: statements for everybody, actions and resources
 * with wildcards, and the two conditions of "Enforce conditional writes" (AWS S3 user guide). Anything else is refused
 * when it is put, never ignored.
 */
import { S3Error } from './s3-error.ts';

export interface PolicyStatement {
  effect: 'Allow' | 'Deny';
  actions: RegExp[];
  resources: RegExp[];
  conditions: { operator: 'Null' | 'Bool'; key: string; value: string }[];
}

/** What a request shows a condition: keys in lower case; a key that is absent is not there. */
export interface PolicyRequest {
  action: string;
  bucket: string;
  key: string;
  context: Readonly<Record<string, string>>;
}

const KEYS = new Set(['s3:if-none-match', 's3:objectcreationoperation']);

export function parsePolicy(text: string): PolicyStatement[] {
  let policy: { Statement?: unknown };
  try {
    policy = JSON.parse(text) as { Statement?: unknown };
  } catch {
    throw new S3Error('MalformedPolicy', '', "Policies must be valid JSON and the first byte must be '{'");
  }
  if (!Array.isArray(policy.Statement)) throw new S3Error('MalformedPolicy', '', 'Missing required field Statement');
  return policy.Statement.map((each: Record<string, unknown>) => {
    const { Effect, Principal, Action, Resource, Condition = {}, Sid: _sid, ...others } = each;
    const isEverybody = Principal === '*' || JSON.stringify(Principal) === '{"AWS":"*"}';
    if ((Effect !== 'Allow' && Effect !== 'Deny') || !isEverybody || Object.keys(others).length > 0)
      throw new S3Error(
        'NotImplemented',
        '',
        'The local S3 runs policies for Principal "*" with Action and Resource only.',
      );
    return {
      effect: Effect,
      actions: patterns(Action),
      resources: patterns(Resource),
      conditions: conditionsOf(Condition),
    };
  });
}

function patterns(value: unknown): RegExp[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.map((each) => {
    if (typeof each !== 'string') throw new S3Error('MalformedPolicy', '', 'Policy has an invalid action or resource');
    const body = each
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    return new RegExp(`^${body}$`, each.startsWith('s3:') ? 'is' : 's');
  });
}

function conditionsOf(value: unknown): PolicyStatement['conditions'] {
  return Object.entries(value as Record<string, Record<string, unknown>>).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, wanted]) => {
      if ((operator !== 'Null' && operator !== 'Bool') || !KEYS.has(key.toLowerCase()))
        throw new S3Error('NotImplemented', '', `The local S3 does not run the condition ${operator} ${key}.`);
      return { operator, key: key.toLowerCase(), value: String(wanted) };
    }),
  );
}

export function isDenied(statements: readonly PolicyStatement[], request: PolicyRequest): boolean {
  const resource = `arn:aws:s3:::${request.bucket}/${request.key}`;
  return statements.some(
    (each) =>
      each.effect === 'Deny' &&
      each.actions.some((action) => action.test(request.action)) &&
      each.resources.some((pattern) => pattern.test(resource)) &&
      each.conditions.every(({ operator, key, value }) => {
        const found = request.context[key];
        return operator === 'Null' ? (found === undefined) === (value === 'true') : (found ?? 'false') === value;
      }),
  );
}
