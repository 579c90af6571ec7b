import { quoteLiteral } from './quote.ts';
import { invalid } from './service-error.ts';

export interface SqlParameter {
  name: string;
  value: string;
}

/** Text that `:name` is never a parameter in: strings, quoted names, comments, casts. */
const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\$\$[\s\S]*?\$\$|::|:([A-Za-z_][A-Za-z0-9_]*)/g;

/**
 * Puts named parameters in as text literals, as the Data API does: values only, never NULL, and not inside the quoted
 * query of an UNLOAD. Every parameter must be used by at least one statement.
 */
export function bindParameters(sqls: readonly string[], parameters: readonly SqlParameter[]): string[] {
  const used = new Set<string>();
  const byName = new Map(parameters.map((parameter) => [parameter.name, parameter.value]));
  if (byName.size !== parameters.length) throw invalid('Parameters must have unique names.');
  for (const [name, value] of byName) if (value === '') throw invalid(`Parameter ${name} must not be empty.`);
  const bound = sqls.map((sql) =>
    sql.replaceAll(TOKEN, (text: string, name: string | undefined) => {
      const value = name === undefined ? undefined : byName.get(name);
      if (name === undefined || value === undefined) return text;
      used.add(name);
      return quoteLiteral(value);
    }),
  );
  for (const name of byName.keys())
    if (!used.has(name)) throw invalid(`Parameters [${name}] are not used in the SQL statement.`);
  return bound;
}
