/**
 * What engines say about a failure, without the values of rows: their messages quote the value that could not be cast,
 * the row that broke a constraint, the bytes of a wrong character. Names, classes and codes stay.
 */

/** Names in quotes that a person needs, by the word before them. */
const NAMED =
  /(?<=\b(?:relation|schema|column|table|function|procedure|user|group|role|database|type|language|constraint|library) )"[^"]*"/gi;
const QUOTED = /"(?:[^"]|"")*"|'(?:[^']|'')*'/g;
/** What stands unquoted behind these to the end of the message is data (RDG, load error reference). */
const DATA_BEHIND = /((?:invalid char(?:acter)?s?|hex sequence|context|values?|input string)\s*[:=])[\s\S]*$/i;
const MAX_CHARACTERS = 1_000;

export function redshiftMessage(text: string): string {
  const code = /\bcode:\s*(\d+)/.exec(text)?.[1];
  // Behind DETAIL and on further lines Redshift prints the value and its place.
  const [head = ''] = text.trim().split(/\s*\n|\s+detail:/i);
  const known = code === undefined || head.includes(code) ? '' : ` (code ${code})`;
  return `${redact(head)}${known}`;
}

/** Error classes whose parameters are values of rows (docs.databricks error-classes). */
const DATA_CLASS =
  /CAST_|OVERFLOW|OUT_OF_RANGE|OUT_OF_BOUNDS|MALFORMED|CONSTRAINT|REPLACE_WHERE|DATETIME|CONVERSION|CANNOT_PARSE|PARSE_JSON|VARIANT|INVALID_(?:FORMAT|INPUT|JSON|UTF8)|DUPLICATED?_(?:MAP_)?KEY|BAD_RECORD|NUMERIC_VALUE|VALUE_/;

export function databricksMessage(text: string): string {
  const errorClass = /\[([A-Z][A-Z0-9_.]+)\]/.exec(text)?.[1];
  const sqlState = /SQLSTATE:? ?\(?([0-9A-Z]{5})/.exec(text)?.[1];
  if (errorClass === undefined || !DATA_CLASS.test(errorClass)) return redact(text.trim());
  return `[${errorClass}]${sqlState === undefined ? '' : ` SQLSTATE: ${sqlState}`} (its text may hold values of rows and is left out)`;
}

function redact(text: string): string {
  const names: string[] = [];
  const kept = text.replace(NAMED, (name) => `\0${names.push(name) - 1}\0`);
  const plain = kept.replace(QUOTED, "'…'").replace(DATA_BEHIND, '$1 …');
  return plain.replace(/\0(\d+)\0/g, (_mark, index) => names[Number(index)] ?? '').slice(0, MAX_CHARACTERS);
}
