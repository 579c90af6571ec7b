/** The one place that turns the SQL front end's failures into the warehouse's own. */
import {
  NotSupported,
  type Statement as ParsedStatement,
  parseDatabricks,
  SqlSemanticError,
  SqlSyntaxError,
  type SqlType,
} from '../sql/index.ts';
import { SqlError } from './sql-error.ts';
import type { StatementParameter } from './warehouse.ts';

export function parseStatement(text: string): ParsedStatement {
  const statements = parseDatabricks(text);
  const [statement] = statements;
  if (!statement || statements.length !== 1)
    throw new SqlError('PARSE_SYNTAX_ERROR', '42601', `One statement was expected, not ${statements.length}.`);
  return statement;
}

const SEMANTIC = {
  'unknown-column': { errorClass: 'UNRESOLVED_COLUMN.WITHOUT_SUGGESTION', sqlState: '42703' },
  'ambiguous-column': { errorClass: 'AMBIGUOUS_REFERENCE', sqlState: '42704' },
  type: { errorClass: 'DATATYPE_MISMATCH', sqlState: '42K09' },
  other: { errorClass: 'INVALID_STATEMENT', sqlState: '42000' },
} as const;

/** Anything thrown while a statement is understood or run. */
export function translated(thrown: unknown): unknown {
  if (thrown instanceof SqlSyntaxError) return new SqlError('PARSE_SYNTAX_ERROR', '42601', thrown.message);
  if (thrown instanceof NotSupported) return new SqlError('SANDBOX_UNSUPPORTED', '0A000', thrown.message);
  if (thrown instanceof SqlSemanticError) {
    const { errorClass, sqlState } = SEMANTIC[thrown.reason];
    return new SqlError(errorClass, sqlState, thrown.message);
  }
  return thrown;
}

const PARAMETER_TYPES: Readonly<Record<string, SqlType>> = {
  STRING: { kind: 'string' },
  BOOLEAN: { kind: 'boolean' },
  TINYINT: { kind: 'tinyint' },
  SMALLINT: { kind: 'smallint' },
  INT: { kind: 'integer' },
  INTEGER: { kind: 'integer' },
  BIGINT: { kind: 'bigint' },
  FLOAT: { kind: 'real' },
  DOUBLE: { kind: 'double' },
  DATE: { kind: 'date' },
  TIMESTAMP: { kind: 'timestamptz' },
  TIMESTAMP_NTZ: { kind: 'timestamp' },
  VOID: { kind: 'void' },
};

export function namedParameters(
  parameters: readonly StatementParameter[],
): Record<string, { type: SqlType; value: string | null }> {
  const named: Record<string, { type: SqlType; value: string | null }> = {};
  for (const { name, type, value } of parameters) {
    const decimal = /^DECIMAL\((\d+),\s*(\d+)\)$/i.exec(type);
    const sqlType: SqlType | undefined = decimal
      ? { kind: 'decimal', precision: Number(decimal[1]), scale: Number(decimal[2]) }
      : PARAMETER_TYPES[type.toUpperCase()];
    if (name === null || !sqlType)
      throw new SqlError('SANDBOX_UNSUPPORTED', '0A000', `Only named parameters of scalar types are supported.`);
    named[name] = { type: sqlType, value };
  }
  return named;
}
