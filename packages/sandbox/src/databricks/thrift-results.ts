/** Thrift's view of a result: schema, pages of Arrow batches, or columns for a driver without Arrow. */
import { Buffer } from 'node:buffer';
import ttypes from '@databricks/sql/thrift/TCLIService_types.js';
import Int64 from 'node-int64';
import { arrowBatchBytes } from './arrow-batches.ts';
import { type ResultSet, type SqlType, type SqlTypeKind, type SqlValue, valueText } from './values.ts';

/** Rows of one Arrow batch: a page may hold several. */
const BATCH_ROWS = 20_000;

const TYPE_IDS: Record<SqlTypeKind, number> = {
  BOOLEAN: ttypes.TTypeId.BOOLEAN_TYPE,
  TINYINT: ttypes.TTypeId.TINYINT_TYPE,
  SMALLINT: ttypes.TTypeId.SMALLINT_TYPE,
  INT: ttypes.TTypeId.INT_TYPE,
  BIGINT: ttypes.TTypeId.BIGINT_TYPE,
  FLOAT: ttypes.TTypeId.FLOAT_TYPE,
  DOUBLE: ttypes.TTypeId.DOUBLE_TYPE,
  DECIMAL: ttypes.TTypeId.DECIMAL_TYPE,
  STRING: ttypes.TTypeId.STRING_TYPE,
  BINARY: ttypes.TTypeId.BINARY_TYPE,
  DATE: ttypes.TTypeId.DATE_TYPE,
  TIMESTAMP: ttypes.TTypeId.TIMESTAMP_TYPE,
  TIMESTAMP_NTZ: ttypes.TTypeId.TIMESTAMP_TYPE,
  VARIANT: ttypes.TTypeId.STRING_TYPE,
  ARRAY: ttypes.TTypeId.ARRAY_TYPE,
  MAP: ttypes.TTypeId.MAP_TYPE,
  STRUCT: ttypes.TTypeId.STRUCT_TYPE,
  VOID: ttypes.TTypeId.NULL_TYPE,
};

export function tableSchema(result: ResultSet): object {
  const columns = result.columns.map(
    (column, index) =>
      new ttypes.TColumnDesc({
        columnName: column.name,
        typeDesc: new ttypes.TTypeDesc({
          types: [new ttypes.TTypeEntry({ primitiveEntry: primitive(column.type) })],
        }),
        position: index + 1,
        comment: '',
      }),
  );
  return new ttypes.TTableSchema({ columns });
}

function primitive(type: SqlType): InstanceType<typeof ttypes.TPrimitiveTypeEntry> {
  if (type.kind !== 'DECIMAL') return new ttypes.TPrimitiveTypeEntry({ type: TYPE_IDS[type.kind] });
  const qualifiers = {
    precision: new ttypes.TTypeQualifierValue({ i32Value: type.precision }),
    scale: new ttypes.TTypeQualifierValue({ i32Value: type.scale }),
  };
  return new ttypes.TPrimitiveTypeEntry({
    type: TYPE_IDS.DECIMAL,
    typeQualifiers: new ttypes.TTypeQualifiers({ qualifiers }),
  });
}

/** Rows [from, to) as a row set. */
export function rowSet(result: ResultSet, from: number, to: number, asArrow: boolean): object {
  const startRowOffset = new Int64(from);
  if (!asArrow) {
    const columns = result.columns.map((column, index) =>
      thriftColumn(column.type, (result.data[index] ?? []).slice(from, to)),
    );
    return new ttypes.TRowSet({ startRowOffset, rows: [], columns });
  }
  const arrowBatches: object[] = [];
  for (let start = from; start < to; start += BATCH_ROWS) {
    const end = Math.min(to, start + BATCH_ROWS);
    const batch = arrowBatchBytes(result, start, end);
    arrowBatches.push(new ttypes.TSparkArrowBatch({ batch, rowCount: new Int64(end - start) }));
  }
  return new ttypes.TRowSet({ startRowOffset, rows: [], arrowBatches: arrowBatches as never });
}

function thriftColumn(type: SqlType, values: readonly SqlValue[]): InstanceType<typeof ttypes.TColumn> {
  const nulls = nullBitmap(values);
  const numbers = (): number[] => values.map((value) => (value === null ? 0 : Number(value)));
  switch (type.kind) {
    case 'BOOLEAN':
      return new ttypes.TColumn({ boolVal: new ttypes.TBoolColumn({ values: values.map((v) => v === true), nulls }) });
    case 'TINYINT':
      return new ttypes.TColumn({ byteVal: new ttypes.TByteColumn({ values: numbers() as never, nulls }) });
    case 'SMALLINT':
      return new ttypes.TColumn({ i16Val: new ttypes.TI16Column({ values: numbers(), nulls }) });
    case 'INT':
      return new ttypes.TColumn({ i32Val: new ttypes.TI32Column({ values: numbers(), nulls }) });
    case 'BIGINT':
      return new ttypes.TColumn({ i64Val: new ttypes.TI64Column({ values: values.map(int64), nulls }) });
    case 'FLOAT':
    case 'DOUBLE':
      return new ttypes.TColumn({ doubleVal: new ttypes.TDoubleColumn({ values: numbers(), nulls }) });
    case 'BINARY': {
      const bytes = values.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : Buffer.alloc(0)));
      return new ttypes.TColumn({ binaryVal: new ttypes.TBinaryColumn({ values: bytes, nulls }) });
    }
    default: {
      const texts = values.map((value) => valueText(value, type) ?? '');
      return new ttypes.TColumn({ stringVal: new ttypes.TStringColumn({ values: texts, nulls }) });
    }
  }
}

function int64(value: SqlValue): Int64 {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(typeof value === 'bigint' ? value : BigInt(Number(value ?? 0)));
  return new Int64(bytes);
}

function nullBitmap(values: readonly SqlValue[]): Buffer {
  const bitmap = Buffer.alloc(Math.ceil(values.length / 8));
  values.forEach((value, index) => {
    if (value === null) bitmap[index >> 3] = (bitmap[index >> 3] ?? 0) | (1 << (index & 7));
  });
  return bitmap;
}
