import { type ColumnDefinition, type CreateTable, duckdbTypeText, emitExpression, type SqlType } from '../sql/index.ts';
import { type Attribute, OWN_SCHEMA } from './catalogue.ts';
import { quoteName } from './quote.ts';
import { emitOptions } from './resolve.ts';
import { DatabaseError } from './service-error.ts';
import type { Session } from './session.ts';

/** Text without a known length becomes the longest VARCHAR. */
export function storedType(type: SqlType): SqlType {
  if (type.kind === 'string') return { kind: 'varchar', length: 65535 };
  if (type.kind === 'void') return { kind: 'varchar', length: 1 };
  return type.kind === 'tinyint' ? { kind: 'smallint' } : type;
}

export function plainColumn(name: string, type: SqlType): ColumnDefinition {
  return { name, type, nullable: true, comment: null, default: null, attributes: {} };
}

export async function readColumns(
  session: Session,
  table: CreateTable | null,
  oid: number,
  definitions: readonly ColumnDefinition[],
): Promise<Attribute[]> {
  const attributes: Attribute[] = [];
  for (const [index, column] of definitions.entries())
    attributes.push(await readColumn(session, table, oid, column, index + 1));
  return attributes;
}

export async function readColumn(
  session: Session,
  table: CreateTable | null,
  oid: number,
  column: ColumnDefinition,
  number: number,
): Promise<Attribute> {
  const { attributes } = column;
  const identity = attributes['IDENTITY'] === undefined ? null : attributes['IDENTITY'].replaceAll(/[()\s]/g, '');
  const inKey = table?.sortKey?.columns.indexOf(column.name) ?? -1;
  // Of an interleaved key the places are negative, in turn: as pg_attribute has them.
  const sign = table?.sortKey?.style === 'interleaved' && inKey % 2 === 1 ? -1 : 1;
  const sortKeyOrdinal = 'SORTKEY' in attributes ? 1 : sign * (inKey + 1);
  const isPrimaryKey = (table?.primaryKey.includes(column.name) ?? false) || 'PRIMARY KEY' in attributes;
  return {
    number,
    name: column.name,
    type: column.type,
    isNotNull: !column.nullable || identity !== null || isPrimaryKey,
    defaultSql:
      identity === null ? await defaultSql(session, column) : await createIdentity(session, oid, number, identity),
    encoding: (attributes['ENCODE'] ?? defaultEncoding(column.type, sortKeyOrdinal !== 0))
      .toLowerCase()
      .replace('raw', 'none'),
    isDistKey: 'DISTKEY' in attributes || table?.distKey === column.name,
    sortKeyOrdinal,
    identity,
    isPrimaryKey,
    isCaseInsensitive: /case_insensitive|^ci$/i.test(attributes['COLLATE'] ?? ''),
  };
}

async function defaultSql(session: Session, column: ColumnDefinition): Promise<string | null> {
  if (column.default === null) return null;
  return emitExpression(column.default, { ...(await emitOptions(session, null)), columns: [] }).sql;
}

async function createIdentity(session: Session, oid: number, number: number, identity: string): Promise<string> {
  const [seed = '1', step = '1'] = identity.split(',');
  if (!/^-?\d+$/.test(seed) || !/^-?\d+$/.test(step))
    throw new DatabaseError(`IDENTITY(${identity}) is not understood`);
  const sequence = `${OWN_SCHEMA}.identity_${oid}_${number}`;
  await session.connection.run(
    `CREATE SEQUENCE ${sequence} START WITH ${seed} INCREMENT BY ${step}${step.startsWith('-') ? ` MINVALUE ${'-9223372036854775807'} MAXVALUE 9223372036854775807` : ''}`,
  );
  return `nextval('${sequence}')`;
}

/** What Redshift chooses under ENCODE AUTO (developer guide, c_Compression_encodings). */
function defaultEncoding(type: SqlType, isSortKey: boolean): string {
  if (isSortKey || ['boolean', 'real', 'double', 'geometry', 'hllsketch'].includes(type.kind)) return 'none';
  if (['smallint', 'integer', 'bigint', 'decimal', 'date', 'timestamp', 'timestamptz'].includes(type.kind))
    return 'az64';
  return type.kind === 'char' || type.kind === 'varchar' ? 'lzo' : 'zstd';
}

export function columnSql(attribute: Attribute): string {
  const parts = [quoteName(attribute.name), duckdbTypeText(attribute.type)];
  if (attribute.isNotNull) parts.push('NOT NULL');
  if (attribute.defaultSql !== null) parts.push(`DEFAULT ${attribute.defaultSql}`);
  return parts.join(' ');
}
