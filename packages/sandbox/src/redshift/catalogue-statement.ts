import { parseRedshift, type Statement } from '../sql/index.ts';
import { findNamespace, insertNamespace, OWN_SCHEMA, rows } from './catalogue.ts';
import { insertRelation } from './catalogue-write.ts';
import { readColumns } from './ddl-columns.ts';
import { quoteLiteral } from './quote.ts';
import { lookUp, needTable } from './resolve.ts';
import { DatabaseError } from './service-error.ts';
import type { Session } from './session.ts';

/**
 * Statements that the sandbox keeps in its catalogue and does not execute: policies, external tables, procedures. They
 * exist so that a product can be shown what it must refuse or list.
 */
export interface CatalogueStatement {
  body: { kind: 'catalogue'; action: Action; match: RegExpExecArray };
  raw: string;
  at: number;
}

export type Prepared = Statement | CatalogueStatement;

type Action =
  | 'nothing'
  | 'attach-rls'
  | 'detach-rls'
  | 'switch-rls'
  | 'attach-masking'
  | 'detach-masking'
  | 'external-schema'
  | 'external-table'
  | 'grant'
  | 'revoke'
  | 'routine';

const NAME = '(?:"(?:[^"]|"")+"|[A-Za-z_][\\w$]*)';
const QUALIFIED = `(${NAME}(?:\\.${NAME}){0,2})`;
const pattern = (text: string): RegExp =>
  new RegExp(`^\\s*${text.replaceAll('<q>', QUALIFIED).replaceAll('<n>', `(${NAME})`).replaceAll(' ', '\\s+')}`, 'is');

const PATTERNS: readonly [Action, RegExp][] = [
  ['nothing', pattern('(?:CREATE|DROP) (?:RLS|MASKING) POLICY <n>')],
  ['attach-rls', pattern('ATTACH RLS POLICY <n> ON (?:TABLE )?<q> TO (?:ROLE )?<n>')],
  ['detach-rls', pattern('DETACH RLS POLICY <n> ON (?:TABLE )?<q> FROM')],
  ['switch-rls', pattern('ALTER TABLE <q> ROW LEVEL SECURITY (ON|OFF)')],
  ['attach-masking', pattern('ATTACH MASKING POLICY <n> ON <q>\\s*\\(([^)]+)\\).* TO (?:ROLE )?<n>')],
  ['detach-masking', pattern('DETACH MASKING POLICY <n> ON <q>\\s*\\(')],
  ['external-schema', pattern('CREATE EXTERNAL SCHEMA (?:IF NOT EXISTS )?<n>')],
  [
    'external-table',
    pattern("CREATE EXTERNAL TABLE <q>\\s*(\\(.*?\\))\\s*(?=PARTITIONED|ROW|STORED|LOCATION).*?LOCATION\\s*'([^']*)'"),
  ],
  ['grant', pattern('GRANT ([a-z, ]+) ON (?:TABLE )?<q> TO (?:(ROLE|GROUP|USER) )?<n>')],
  ['revoke', pattern('REVOKE ([a-z, ]+) ON (?:TABLE )?<q> FROM (?:(ROLE|GROUP|USER) )?<n>')],
  ['routine', pattern('CREATE (?:OR REPLACE )?(PROCEDURE|FUNCTION) <q>\\s*\\(')],
];

export function readCatalogueStatement(sql: string): CatalogueStatement | null {
  const text = sql.replace(/^(?:\s*\/\*[\s\S]*?\*\/|\s*--[^\n]*\n)+/, '');
  for (const [action, expression] of PATTERNS) {
    const match = expression.exec(text);
    if (match) return { body: { kind: 'catalogue', action, match }, raw: sql, at: 0 };
  }
  return null;
}

function names(text: string): string[] {
  const parts = text.match(new RegExp(NAME, 'g')) ?? [];
  return parts.map((part) => (part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part.toLowerCase()));
}

const only = (text: string | undefined): string => names(text ?? '')[0] ?? '';

export async function runCatalogueStatement(
  session: Session,
  { action, match }: CatalogueStatement['body'],
): Promise<void> {
  const [, first = '', second = '', third = '', fourth = ''] = match;
  switch (action) {
    case 'nothing':
      return;
    case 'attach-rls':
      return attach(session, {
        kind: 'rls',
        policy: only(first),
        table: names(second),
        columns: [null],
        grantee: only(third),
      });
    case 'attach-masking':
      return attach(session, {
        kind: 'masking',
        policy: only(first),
        table: names(second),
        columns: names(third),
        grantee: only(fourth),
      });
    case 'detach-rls':
      return detach(session, 'rls', only(first), names(second));
    case 'detach-masking':
      return detach(session, 'masking', only(first), names(second));
    case 'switch-rls':
      return switchRowSecurity(session, names(first), /^on$/i.test(second));
    case 'external-schema':
      if ((await findNamespace(session.connection, only(first))) !== null) return;
      return insertNamespace(session.connection, session.options.catalogue.nextOid(), only(first));
    case 'external-table':
      return createExternalTable(session, { text: first, columns: second, location: third });
    case 'grant':
    case 'revoke':
      return changeGrants(session, {
        isGrant: action === 'grant',
        privileges: first,
        table: names(second),
        identity: only(fourth),
        identityType: third.toLowerCase() || (only(fourth) === 'public' ? 'public' : 'user'),
      });
    case 'routine':
      return createRoutine(session, { kind: first.toLowerCase(), name: names(second), source: match.input });
  }
}

async function attach(
  session: Session,
  to: { kind: 'rls' | 'masking'; policy: string; table: string[]; columns: (string | null)[]; grantee: string },
): Promise<void> {
  const { oid } = await needTable(session, to.table);
  for (const column of to.columns) {
    const columnText = column === null ? 'NULL' : quoteLiteral(column);
    await session.connection.run(
      `INSERT INTO ${OWN_SCHEMA}.policies VALUES (${quoteLiteral(to.kind)}, ${quoteLiteral(to.policy)}, ${oid}, ${columnText}, ${quoteLiteral(to.grantee)}, false)`,
    );
  }
}

async function detach(session: Session, kind: 'rls' | 'masking', policy: string, table: string[]): Promise<void> {
  const { oid } = await needTable(session, table);
  await session.connection.run(
    `DELETE FROM ${OWN_SCHEMA}.policies WHERE kind = '${kind}' AND relation = ${oid} AND name = ${quoteLiteral(policy)}`,
  );
}

async function switchRowSecurity(session: Session, table: string[], isOn: boolean): Promise<void> {
  const { oid } = await needTable(session, table);
  await session.connection.run(
    `UPDATE ${OWN_SCHEMA}.policies SET is_enabled = ${isOn} WHERE kind = 'rls' AND relation = ${oid}`,
  );
}

async function createExternalTable(
  session: Session,
  { text, columns, location }: { text: string; columns: string; location: string },
): Promise<void> {
  const name = names(text);
  if (await lookUp(session, name)) throw new DatabaseError(`Relation "${name.at(-1)}" already exists`);
  const body = parseRedshift(`CREATE TABLE ${text} ${columns}`)[0]?.body;
  if (body?.kind !== 'create-table') throw new DatabaseError('the columns of the external table are not understood');
  const oid = session.options.catalogue.nextOid();
  await insertRelation(session.connection, {
    ...{ oid, schema: name.at(-2) ?? 'public', name: name.at(-1) as string, kind: 'external', distStyle: 'EVEN' },
    ...{ sortStyle: 'none', viewText: null, location, hasRowSecurity: false, hasMasking: false },
    attributes: await readColumns(session, body, oid, body.columns),
  });
}

async function createRoutine(
  session: Session,
  routine: { kind: string; name: string[]; source: string },
): Promise<void> {
  const schema = routine.name.at(-2) ?? 'public';
  const name = routine.name.at(-1) as string;
  const key = `schema_name = ${quoteLiteral(schema)} AND name = ${quoteLiteral(name)}`;
  const [found] = await rows(session.connection, `SELECT oid FROM ${OWN_SCHEMA}.procedures WHERE ${key}`);
  if (found) await session.connection.run(`DELETE FROM ${OWN_SCHEMA}.procedures WHERE ${key}`);
  const values = [session.options.catalogue.nextOid(), quoteLiteral(schema), quoteLiteral(name)];
  values.push(quoteLiteral(routine.kind), quoteLiteral(routine.source));
  await session.connection.run(`INSERT INTO ${OWN_SCHEMA}.procedures VALUES (${values.join(', ')})`);
}

const PRIVILEGES = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'DROP', 'REFERENCES', 'TRUNCATE', 'ALTER'];

/** Listed in SVV_RELATION_PRIVILEGES; not enforced, since every caller of the sandbox is a superuser. */
async function changeGrants(
  session: Session,
  change: { isGrant: boolean; privileges: string; table: string[]; identity: string; identityType: string },
): Promise<void> {
  const { oid } = await needTable(session, change.table);
  const isAll = /^\s*ALL(\s+PRIVILEGES)?\s*$/i.test(change.privileges);
  const wanted = isAll ? PRIVILEGES : change.privileges.split(',').map((word) => word.trim().toUpperCase());
  for (const privilege of wanted) {
    if (!PRIVILEGES.includes(privilege)) throw new DatabaseError(`unrecognized privilege type "${privilege}"`);
    const key = [oid, quoteLiteral(privilege), quoteLiteral(change.identity), quoteLiteral(change.identityType)];
    await session.connection.run(
      `DELETE FROM ${OWN_SCHEMA}.grants WHERE (relation, privilege, identity, identity_type) = (${key.join(', ')})`,
    );
    if (change.isGrant) await session.connection.run(`INSERT INTO ${OWN_SCHEMA}.grants VALUES (${key.join(', ')})`);
  }
}
