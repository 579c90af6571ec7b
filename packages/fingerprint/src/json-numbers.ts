/**
 * Numbers in JSON text that a VARIANT cannot hold. Asked twice, by the same rule: at the source when a table is planned, and
 * of every staged row when its chunk is proven, because both sides of that proof are parsed by the same parse_json.
 *
 * A plain number becomes a decimal of up to 38 digits and scale 38, what is longer a DOUBLE (apache/spark,
 * common/variant, VariantBuilder.java). Numbers with an exponent are DOUBLE by what was acknowledged with VARIANT itself.
 */
import type { SqlDialect } from './dialect.ts';

/** `rounded`: read as another value. `outOfRange`: 10^300 or more, which is refused or becomes infinite. */
export type InexactNumber = 'rounded' | 'outOfRange';

/**
 * Of JSON without its strings, where digits are numbers and nothing else. Written so that POSIX (Redshift) and
 * java.util.regex (Databricks) read the same: no backslash, no bracket within brackets, repeats below 256.
 * rounded: 39 digits, with a point among them (a leading 0 is none of them), a scale of 39; or too small for a DOUBLE.
 * outOfRange: by the exponent; by 300 digits; by an exponent behind a long whole part.
 */
export const INEXACT_PATTERNS: Readonly<Record<InexactNumber, string>> = {
  rounded: '[0-9]{39}|[1-9][0-9.]{39}|[0-9.]{41}|[eE]-0*(32[5-9]|3[3-9][0-9]|[4-9][0-9]{2}|[1-9][0-9]{3})',
  outOfRange:
    '[eE][+]?0*(3[0-9]{2}|[4-9][0-9]{2}|[1-9][0-9]{3})|([0-9]{100}){3}|(^|[^.0-9])[0-9]{9,}[0-9.]*[eE][+]?0*[12][0-9]{2}|([0-9]{100}){2}[0-9.]*[eE]',
};

/**
 * The JSON text without its strings, so that digits in one raise no alarm. First the escaped backslashes, then the escaped
 * quotes; what is left of a string has no quote in it. Not `"([^"\\]|\\.)*"`: brackets and backslashes are read differently, and
 * Java recurses for every character of a repeated group.
 */
export function withoutStringsSql(json: string): string {
  return `REGEXP_REPLACE(REPLACE(REPLACE(${json},CHR(92)||CHR(92),''),CHR(92)||'"',''),'"[^"]*"','')`;
}

/** Condition on a JSON text; NULL for NULL. */
export function holdsInexactSql(dialect: SqlDialect, json: string, which: InexactNumber): string {
  const bare = withoutStringsSql(json);
  const pattern = INEXACT_PATTERNS[which];
  return dialect === 'redshift' ? `REGEXP_INSTR(${bare},'${pattern}')>0` : `regexp_like(${bare},'${pattern}')`;
}
