/**
 * The oracle's own view of JSON: two texts are one value when their canonical texts are equal. Objects by key, numbers by
 * their exact decimal value (with an exponent: that of the nearest double), strings by their characters. Imports nothing of this project.
 */
import { type DuckDBConnection, DuckDBScalarFunction, VARCHAR } from '@duckdb/node-api';

// DuckDB writes decimals below one as `.5`.
const TOKEN = /\s*("(?:[^"\\]|\\.)*"|-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|true|false|null|[{}[\],:])/y;

export function canonicalJson(text: string): string {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const found = TOKEN.exec(text);
    if (found === null) throw new Error(`the oracle reads no JSON in ${text}`);
    tokens.push(found[1] ?? '');
  }
  let at = 0;
  const value = (): string => {
    const token = tokens[at++] ?? '';
    if (token === '[') return `[${members(']', value).join(',')}]`;
    if (token === '{') {
      const field = () => {
        const key = JSON.stringify(JSON.parse(tokens[at++] ?? ''));
        at += 1;
        return `${key}:${value()}`;
      };
      return `{${members('}', field).sort().join(',')}}`;
    }
    if (token.startsWith('"')) return JSON.stringify(JSON.parse(token));
    if (!/^[-.\d]/.test(token)) return token;
    return canonicalNumber(/e/i.test(token) ? String(Number(token)) : token);
  };
  const members = (end: string, read: () => string): string[] => {
    const found: string[] = [];
    while (tokens[at] !== end) {
      found.push(read());
      if (tokens[at] === ',') at += 1;
      else if (tokens[at] !== end) throw new Error(`the oracle reads no JSON in ${text}`);
    }
    at += 1;
    return found;
  };
  return value();
}

function canonicalNumber(token: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(token) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const kept = digits.replace(/0+$/, '');
  if (kept === '') return '0';
  return `${sign}${kept}e${Number(exponent) - fraction.length + digits.length - kept.length}`;
}

/** `oracle_json(text)` in DuckDB. */
export function registerCanonicalJson(connection: DuckDBConnection): void {
  connection.registerScalarFunction(
    DuckDBScalarFunction.create({
      name: 'oracle_json',
      parameterTypes: [VARCHAR],
      returnType: VARCHAR,
      mainFunction(info, input, output) {
        try {
          const column = input.getColumnVector(0);
          for (let row = 0; row < input.rowCount; row += 1) {
            const text = column.getItem(row);
            output.setItem(row, text === null ? null : canonicalJson(String(text)));
          }
          output.flush();
        } catch (error) {
          info.setError(String(error));
        }
      },
    }),
  );
}
