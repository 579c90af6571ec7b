/**
 * VARIANT in the engine. DuckDB's own VARIANT is not what the warehouse has: its `to_json` is a string of another text, it
 * keeps the keys in the order of the text until a Parquet file sorts them, makes doubles of all decimals, and cannot tell
 * a JSON null from NULL. So a VARIANT is the documented pair of binaries here, which is also its form in the files of a
 * Delta table, and these functions do what `parse_json` and `to_json` do.
 */
import {
  BLOB,
  DuckDBBlobValue,
  type DuckDBConnection,
  DuckDBScalarFunction,
  DuckDBStructValue,
  type DuckDBType,
  type DuckDBValue,
  STRUCT,
  VARCHAR,
} from '@duckdb/node-api';
import { parseVariant } from './encode-variant.ts';
import { malformedVariant } from './variant-error.ts';
import { variantText } from './variant-text.ts';

/** The DuckDB type of a VARIANT: two binaries, as Delta stores it (delta-io/delta, RFC variant-type, "Variant data in Parquet"). */
export const VARIANT_DUCKDB_TYPE = 'STRUCT(metadata BLOB, "value" BLOB)';
const VARIANT = STRUCT({ metadata: BLOB, value: BLOB });

/** `lakehaul_parse_json(text)` and `lakehaul_variant_json(variant)`, for every connection of the instance. */
export function registerVariantFunctions(connection: DuckDBConnection): void {
  connection.registerScalarFunction(
    scalar('lakehaul_parse_json', VARCHAR, VARIANT, (text) => {
      const { metadata, value } = parseVariant(String(text));
      return new DuckDBStructValue({ metadata: new DuckDBBlobValue(metadata), value: new DuckDBBlobValue(value) });
    }),
  );
  connection.registerScalarFunction(scalar('lakehaul_variant_json', VARIANT, VARCHAR, variantJson));
}

/** The JSON text of a value of that type. */
export function variantJson(variant: unknown): string {
  if (!isVariant(variant)) throw malformedVariant();
  const { metadata, value } = variant.entries;
  return variantText({ metadata: (metadata as DuckDBBlobValue).bytes, value: (value as DuckDBBlobValue).bytes });
}

export function isVariant(value: unknown): value is DuckDBStructValue {
  if (!(value instanceof DuckDBStructValue)) return false;
  const { metadata, value: binary, ...others } = value.entries;
  return metadata instanceof DuckDBBlobValue && binary instanceof DuckDBBlobValue && Object.keys(others).length === 0;
}

/** NULL in, NULL out. */
function scalar(
  name: string,
  parameter: DuckDBType,
  returnType: DuckDBType,
  of: (value: DuckDBValue) => DuckDBValue,
): DuckDBScalarFunction {
  return DuckDBScalarFunction.create({
    name,
    parameterTypes: [parameter],
    returnType,
    mainFunction(info, input, output) {
      try {
        const column = input.getColumnVector(0);
        for (let row = 0; row < input.rowCount; row += 1) {
          const value = column.getItem(row);
          output.setItem(row, value === null ? null : of(value));
        }
        output.flush();
      } catch (error) {
        info.setError(error instanceof Error ? error.message : String(error));
      }
    },
  });
}
