import type { DuckDBConnection } from '@duckdb/node-api';
import { redshiftTypeText } from '../sql/index.ts';
import { type Attribute, OWN_SCHEMA, type Relation } from './catalogue.ts';
import { quoteLiteral } from './quote.ts';
import { typeModifier, typeOid } from './type-oid.ts';

const text = (value: string | null): string => (value === null ? 'NULL' : quoteLiteral(value));

/** Rows of the own catalogue; in the transaction of the DDL, so that a rolled-back CREATE leaves nothing. */
export async function insertRelation(connection: DuckDBConnection, relation: Relation): Promise<void> {
  const values = [
    relation.oid,
    text(relation.schema),
    text(relation.name),
    text(relation.kind),
    text(relation.distStyle),
  ];
  values.push(text(relation.sortStyle), text(relation.viewText), text(relation.location), 'now()::TIMESTAMP');
  await connection.run(`INSERT INTO ${OWN_SCHEMA}.relations VALUES (${values.join(', ')})`);
  await insertAttributes(connection, relation.oid, relation.attributes);
}

export async function insertAttributes(
  connection: DuckDBConnection,
  relation: number,
  attributes: readonly Attribute[],
): Promise<void> {
  if (attributes.length === 0) return;
  const tuples = attributes.map((attribute) => {
    const type = [text(JSON.stringify(attribute.type)), typeOid(attribute.type), typeModifier(attribute.type)];
    const facts = [attribute.isNotNull, text(attribute.defaultSql), text(attribute.encoding), attribute.isDistKey];
    const keys = [
      attribute.sortKeyOrdinal,
      text(attribute.identity),
      attribute.isPrimaryKey,
      attribute.isCaseInsensitive,
    ];
    const values = [relation, attribute.number, text(attribute.name), ...type, text(redshiftTypeText(attribute.type))];
    return `(${[...values, ...facts, ...keys].join(', ')})`;
  });
  await connection.run(`INSERT INTO ${OWN_SCHEMA}.attributes VALUES ${tuples.join(', ')}`);
}

export async function deleteRelation(connection: DuckDBConnection, oid: number): Promise<void> {
  await connection.run(`DELETE FROM ${OWN_SCHEMA}.relations WHERE oid = ${oid}`);
  await connection.run(`DELETE FROM ${OWN_SCHEMA}.attributes WHERE relation = ${oid}`);
  await connection.run(`DELETE FROM ${OWN_SCHEMA}.policies WHERE relation = ${oid}`);
  await connection.run(`DELETE FROM ${OWN_SCHEMA}.grants WHERE relation = ${oid}`);
}
