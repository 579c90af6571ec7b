/**
 * The text that is hashed for a row. Form `joined`: the fixed texts joined by `|`, empty for NULL; then the byte lengths
 * of the free texts, -1 for NULL; then the free texts. It reads back in one way only: the number of columns of each form
 * is known, a fixed text is never empty and holds no `|`, and the lengths say where each free text ends.
 * Form `digest`: per column `N` or `V` and the md5 of its text, for rows whose joined text would exceed Redshift's
 * VARCHAR; 1,600 columns are 52,800 bytes.
 */
import type { HashForm } from '@lakehaul/core';
import { type CanonicalSql, canonicalSql, type HashColumn, serializeSql, textFormOf } from './canonical-sql.ts';
import { concatSql, type SqlDialect } from './dialect.ts';

export function rowTextSql(dialect: SqlDialect, columns: readonly HashColumn[], form: HashForm): string {
  const texts = columns.map((column) => canonicalSql(dialect, column));
  const or = dialect === 'redshift' ? 'NVL' : 'coalesce';
  if (form === 'digest')
    return concatSql(
      dialect,
      texts.map(({ text }) => digestSql(dialect, text)),
    );
  const free = texts.filter((each) => each.form === 'free').map((each) => each.text);
  const fields = [
    ...texts.filter((each) => each.form === 'fixed').map((each) => `${or}(${each.text},'')`),
    ...free.map((text) => `${or}(${lengthSql(dialect, text)},'-1')`),
  ];
  const parts = fields.flatMap((field, index) => (index === 0 ? [field] : ["'|'", field]));
  return concatSql(dialect, [
    ...parts,
    ...(free.length > 0 ? ["'|'"] : []),
    ...free.map((text) => `${or}(${text},'')`),
  ]);
}

function digestSql(dialect: SqlDialect, text: string): string {
  return dialect === 'redshift' ? `NVL('V'||MD5(${text}),'N')` : `coalesce(concat('V',md5(${text})),'N')`;
}

function lengthSql(dialect: SqlDialect, text: string): string {
  return dialect === 'redshift' ? `OCTET_LENGTH(${text})::varchar(11)` : `CAST(octet_length(${text}) AS STRING)`;
}

/** The same text from canonical texts; the referee's half. */
export function rowText(
  columns: readonly HashColumn[],
  texts: readonly (string | null)[],
  form: HashForm,
  md5: (text: string) => string,
): string {
  if (form === 'digest') return texts.map((text) => (text === null ? 'N' : `V${md5(text)}`)).join('');
  const fixed: string[] = [];
  const lengths: string[] = [];
  const free: string[] = [];
  for (const [index, column] of columns.entries()) {
    const text = texts[index] ?? null;
    if (textFormOf(column.type) === 'fixed') fixed.push(text ?? '');
    else {
      lengths.push(text === null ? '-1' : String(Buffer.byteLength(text)));
      free.push(text ?? '');
    }
  }
  return [...fixed, ...lengths].join('|') + (free.length > 0 ? '|' : '') + free.join('');
}

/** Longest fixed text of each type, in bytes. */
function longestFixedText(column: HashColumn): number {
  switch (column.type.kind) {
    case 'boolean':
      return 1;
    case 'smallint':
      return 6;
    case 'integer':
    case 'date':
      return 11;
    case 'decimal':
      return column.type.precision + 3;
    // sign, two marks, 19 digits, dot, 19 digits
    case 'real':
    case 'double':
      return 42;
    default:
      return 20;
  }
}

/**
 * An upper bound of a row's joined text in bytes, over plain column references of the source: what `joined` would need,
 * without building it.
 */
export function rowBytesSql(columns: readonly (HashColumn & { reference: string })[]): string {
  let fixedBytes = 0;
  const lengths: string[] = [];
  for (const column of columns) {
    const { type, reference } = column;
    if (textFormOf(type) === 'fixed') fixedBytes += longestFixedText(column) + 1;
    else fixedBytes += 7;
    if (type.kind === 'varchar') lengths.push(`NVL(OCTET_LENGTH(${reference}),0)`);
    else if (type.kind === 'char') lengths.push(`NVL(OCTET_LENGTH(${reference}::varchar(${type.maxBytes})),0)`);
    else if (type.kind === 'varbyte') lengths.push(`2*NVL(OCTET_LENGTH(${reference}),0)`);
    else if (type.kind === 'super') lengths.push(`NVL(OCTET_LENGTH(${serializeSql(reference)}),0)`);
    else if (type.kind === 'timetz') fixedBytes += 21;
    else if (type.kind === 'geometry' || type.kind === 'geography')
      lengths.push(`NVL(OCTET_LENGTH(ST_AsHexEWKB(${reference})),0)`);
  }
  return sumSql([String(fixedBytes), ...lengths]);
}

function sumSql(parts: readonly string[]): string {
  if (parts.length <= 16) return parts.join('+');
  const pieces: string[] = [];
  for (let from = 0; from < parts.length; from += 16) pieces.push(`(${parts.slice(from, from + 16).join('+')})`);
  return sumSql(pieces);
}

export type { CanonicalSql };
