/**
 * Exact text of a float, without any engine's own float text (facts 7.2: those differ, and DECIMAL casts round).
 *
 * |x| is multiplied by powers of two, which is exact, until it lies in [2^-10, 2^62): first by one of five coarse steps
 * (exponents -1074 … 1023 come down to -234 … 209), then by one of seven fine ones. Its whole part and its fraction times
 * 2^62 are then integers below 2^62, so a cast to BIGINT loses nothing, whatever the engine's rounding rule is.
 * Two digits name the steps. Only `<`, `*`, `-`, ABS, FLOOR and CASE are used, so that subnormals, both infinities and
 * NaN (greater than everything here, unequal to itself there) end in the same branch of both engines. -0 reads as 0.
 *
 * Two steps instead of one ladder of 2,098 / 72 rungs, and constants by name instead of by value, because the statement
 * has a limit: about 0.8 KB a DOUBLE column instead of 3.
 */
import type { SqlDialect } from './dialect.ts';

interface Rung {
  /** Values below 2^below belong to the rung; null on the last one. */
  below: number | null;
  /** They are multiplied by 2^times. */
  times: number;
  mark: number;
}

const COARSE: readonly Rung[] = [
  { below: -630, times: 840, mark: 1 },
  { below: -210, times: 420, mark: 2 },
  { below: 210, times: 0, mark: 3 },
  { below: 630, times: -420, mark: 4 },
  { below: null, times: -840, mark: 5 },
];

const FINE: readonly Rung[] = [
  { below: -162, times: 224, mark: 1 },
  { below: -90, times: 152, mark: 2 },
  { below: -18, times: 80, mark: 3 },
  { below: 54, times: 8, mark: 4 },
  { below: 126, times: -64, mark: 5 },
  { below: 198, times: -136, mark: 6 },
  { below: null, times: -208, mark: 7 },
];

const FRACTION_BITS = 62;
const LARGEST_FINITE = '1.7976931348623157e+308';

const EXPONENTS = [
  ...new Set([...COARSE, ...FINE].flatMap((rung) => [rung.times, ...(rung.below === null ? [] : [rung.below])])),
  FRACTION_BITS,
].filter((exponent) => exponent !== 0);

/** Two characters: they stand in every rung of every column. */
const constantName = (exponent: number) => `k${EXPONENTS.indexOf(exponent).toString(36)}`;

/** The constants, to be selected once at the bottom: 17 digits name a double exactly. */
export function ladderConstants(dialect: SqlDialect): string[] {
  const constant = (text: string, name: string) =>
    dialect === 'redshift' ? `'${text}'::float8 AS ${name}` : `CAST('${text}' AS DOUBLE) AS ${name}`;
  return [
    ...EXPONENTS.map((exponent) => constant((2 ** exponent).toExponential(16), constantName(exponent))),
    constant(LARGEST_FINITE, 'kmax'),
    constant('Infinity', 'kinf'),
  ];
}

function ladderCase(rungs: readonly Rung[], over: string, result: (rung: Rung) => string): string {
  const branches = rungs.map((rung) =>
    rung.below === null ? `ELSE ${result(rung)}` : `WHEN ${over}<${constantName(rung.below)} THEN ${result(rung)}`,
  );
  return `CASE ${branches.join(' ')} END`;
}

const scaled = (value: string, rung: Rung) => (rung.times === 0 ? value : `${value}*${constantName(rung.times)}`);

export interface LadderSql {
  /** Select items of the level above the column's own, then of the level above that. */
  first: string[];
  second: string[];
  text: string;
}

/** `c<n>` is the column, `a<n>` its absolute value as a double: both selected at the bottom. */
export function ladderSql(dialect: SqlDialect, position: number, isReal: boolean): LadderSql {
  const [c, a, y, s, z, t] = ['c', 'a', 'y', 's', 'z', 't'].map((letter) => `${letter}${position}`) as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  // Every REAL, widened, lies in 2^-149 … 2^128: inside the middle coarse step.
  const middle = isReal ? a : y;
  const first = isReal
    ? []
    : [
        `${ladderCase(COARSE, a, (rung) => scaled(a, rung))} AS ${y}`,
        `${ladderCase(COARSE, a, (rung) => String(rung.mark))} AS ${s}`,
      ];
  const second = [
    `${ladderCase(FINE, middle, (rung) => scaled(middle, rung))} AS ${z}`,
    `${ladderCase(FINE, middle, (rung) => String(rung.mark))} AS ${t}`,
  ];
  const marks = isReal ? t : `(${s}*10+${t})`;
  const whole = `FLOOR(${z})`;
  const fraction = `(${z}-FLOOR(${z}))*${constantName(FRACTION_BITS)}`;
  const parts = [
    `CASE WHEN ${c}<0 THEN '-' ELSE '' END`,
    ...(dialect === 'redshift'
      ? [`${marks}::varchar(2)`, `${whole}::bigint::varchar(20)`, "'.'", `(${fraction})::bigint::varchar(20)`]
      : [
          `CAST(${marks} AS STRING)`,
          `CAST(CAST(${whole} AS BIGINT) AS STRING)`,
          "'.'",
          `CAST(CAST(${fraction} AS BIGINT) AS STRING)`,
        ]),
  ];
  const finite = dialect === 'redshift' ? parts.join('||') : `concat(${parts.join(',')})`;
  // The order matters: NaN fails every comparison but those in which an engine holds it greater than all numbers.
  const text = `CASE WHEN ${a}<=kmax THEN ${finite} WHEN ${c}=kinf THEN 'i' WHEN ${c}<0 THEN '-i' WHEN ${c} IS NOT NULL THEN 'n' END`;
  return { first, second, text };
}

/** The same text, computed from the bits with integers alone. */
export function floatText(value: number, isReal: boolean): string {
  if (Number.isNaN(value)) return 'n';
  if (!Number.isFinite(value)) return value < 0 ? '-i' : 'i';
  const { mantissa, exponent } = dissect(Math.abs(value));
  const coarse = isReal ? { below: null, times: 0, mark: 0 } : rungOf(COARSE, mantissa, exponent);
  const fine = rungOf(FINE, mantissa, exponent + coarse.times);
  // mantissa · 2^(exponent + steps + 62) is whole by the choice of the steps.
  const shift = exponent + coarse.times + fine.times + FRACTION_BITS;
  const fixed = shift >= 0 ? mantissa << BigInt(shift) : mantissa >> BigInt(-shift);
  const whole = fixed >> BigInt(FRACTION_BITS);
  const fraction = fixed - (whole << BigInt(FRACTION_BITS));
  return `${value < 0 ? '-' : ''}${coarse.mark === 0 ? '' : coarse.mark}${fine.mark}${whole}.${fraction}`;
}

/** value = mantissa · 2^exponent, exactly. */
function dissect(value: number): { mantissa: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xf_ffff_ffff_ffffn;
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: biased - 1075 };
}

function rungOf(rungs: readonly Rung[], mantissa: bigint, exponent: number): Rung {
  // floor(log2(value)); zero is below every power of two.
  const magnitude = mantissa === 0n ? Number.NEGATIVE_INFINITY : exponent + mantissa.toString(2).length - 1;
  const found = rungs.find((rung) => rung.below === null || magnitude < rung.below);
  return found as Rung;
}
