export type SqlDialect = 'redshift' | 'databricks';

/** Joins text expressions; none of them may be NULL. The tree is flat in small pieces, so that its depth stays logarithmic. */
export function concatSql(dialect: SqlDialect, parts: readonly string[]): string {
  const [only] = parts;
  if (only === undefined) return "''";
  if (parts.length === 1) return only;
  // Redshift's || is parsed as a chain: 1,600 of them would be a tree 1,600 deep.
  const fanOut = dialect === 'redshift' ? 16 : 64;
  const join = (pieces: readonly string[]) =>
    dialect === 'redshift' ? pieces.join('||') : `concat(${pieces.join(',')})`;
  if (parts.length <= fanOut) return join(parts);
  const pieces: string[] = [];
  for (let from = 0; from < parts.length; from += fanOut) {
    const piece = join(parts.slice(from, from + fanOut));
    pieces.push(dialect === 'redshift' ? `(${piece})` : piece);
  }
  return concatSql(dialect, pieces);
}
