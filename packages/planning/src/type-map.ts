/** Source type -> target type, and what the move costs by the type alone. The data has the last word: judge-loss.ts. */
import type { LossClass, SourceColumn, TargetType } from '@lakehaul/core';

export interface TypeMapping {
  target: TargetType;
  loss: LossClass;
  reason: string;
}

/** What `to_json(parse_json(text))` does not tell apart (docs/platform-facts.md, 5.5), so that no proof shows it. */
const VARIANT_REASON =
  'VARIANT keeps the parsed value, not the JSON text: order of keys, white space and number forms (1.0 is 1, -0.0 is 0) are gone, numbers with an exponent are DOUBLE, of duplicate keys the load fails or keeps one; the proof compares to_json of both sides';

const LOSSLESS = { loss: 'lossless', reason: '' } as const;

export function mapType(column: SourceColumn, superAs: 'string' | 'variant'): TypeMapping {
  const type = column.type;
  switch (type.kind) {
    case 'smallint':
      return { target: { kind: 'SMALLINT' }, ...LOSSLESS };
    case 'integer':
      return { target: { kind: 'INT' }, ...LOSSLESS };
    case 'bigint':
      return { target: { kind: 'BIGINT' }, ...LOSSLESS };
    case 'decimal':
      return { target: { kind: 'DECIMAL', precision: type.precision, scale: type.scale }, ...LOSSLESS };
    case 'real':
      return { target: { kind: 'FLOAT' }, ...LOSSLESS };
    case 'double':
      return { target: { kind: 'DOUBLE' }, ...LOSSLESS };
    case 'boolean':
      return { target: { kind: 'BOOLEAN' }, ...LOSSLESS };
    case 'varchar':
      return { target: { kind: 'STRING' }, ...LOSSLESS };
    case 'char':
      return representation(
        { kind: 'STRING' },
        'blank padding of CHAR is not kept; Redshift ignores it when it compares',
      );
    case 'date':
      return { target: { kind: 'DATE' }, ...LOSSLESS };
    case 'timestamp':
      return { target: { kind: 'TIMESTAMP_NTZ' }, ...LOSSLESS };
    case 'timestamptz':
      return { target: { kind: 'TIMESTAMP' }, ...LOSSLESS };
    case 'time':
      return representation({ kind: 'BIGINT' }, 'the target has no TIME: microseconds since midnight');
    case 'timetz':
      return representation({ kind: 'STRING' }, 'the target has no TIMETZ: its text');
    case 'varbyte':
      return { target: { kind: 'BINARY' }, ...LOSSLESS };
    case 'super':
      return superAs === 'variant'
        ? {
            target: { kind: 'VARIANT' },
            loss: 'parsed',
            reason: VARIANT_REASON,
          }
        : representation({ kind: 'STRING' }, 'SUPER as its JSON text');
    case 'geometry':
    case 'geography':
      return representation({ kind: 'STRING' }, 'hexadecimal EWKB text');
    case 'interval_year_month':
      return representation({ kind: 'BIGINT' }, 'months');
    case 'interval_day_second':
      return representation({ kind: 'BIGINT' }, 'microseconds');
    case 'hllsketch':
      return {
        target: { kind: 'STRING' },
        loss: 'impossible',
        reason: 'an HLLSKETCH has no form outside Redshift; recompute it on the target',
      };
    case 'unknown':
      return {
        target: { kind: 'STRING' },
        loss: 'impossible',
        reason: `type ${type.text} is not known to this version`,
      };
  }
}

function representation(target: TargetType, reason: string): TypeMapping {
  return { target, loss: 'representation', reason };
}
