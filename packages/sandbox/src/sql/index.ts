/** SQL of the local clouds: parsed, checked against an allow-list, emitted as DuckDB SQL. */
export type {
  AlterAction,
  ColumnDefinition,
  Conjunct,
  CopyInto,
  CreateTable,
  Dialect,
  Expression,
  FromItem,
  Insert,
  Literal,
  Query,
  SelectItem,
  SortKey,
  Source,
  Statement,
  StatementBody,
  TimeTravel,
  Unload,
} from './ast.ts';
export { conjunctsOf } from './conjuncts.ts';
export {
  emitAssignment,
  emitCopySelect,
  emitExpression,
  emitInsertRows,
  emitPredicate,
  emitQuery,
} from './emit-statement.ts';
export type {
  Catalog,
  EmitOptions,
  EmittedExpression,
  EmittedQuery,
  ExpressionScope,
  ExtraFunction,
  ResolvedSource,
} from './emit-types.ts';
export { MACROS } from './macros.ts';
export type { ParseOptions } from './parse.ts';
export { parseDatabricks, parseExpressionText, parseRedshift } from './parse.ts';
export { referencedParameters, referencedSources } from './referenced.ts';
export { quoteName, quoteText } from './scope.ts';
export { NotSupported, SqlSemanticError, SqlSyntaxError } from './sql-failure.ts';
export type { ColumnInfo, SqlType, SqlTypeKind } from './sql-type.ts';
export { databricksTypeText, duckdbTypeText, isText, redshiftTypeText } from './sql-type.ts';
