/** Calls: aggregates and windows here, scalar functions by the table. A name that is in no table is refused. */
import type { Call, Expression } from './ast.ts';
import { AGGREGATES, emitAggregate } from './emit-aggregate.ts';
import { emit } from './emit-expression.ts';
import { emitWindowOnly, WINDOW_ONLY } from './emit-window.ts';
import { DATABRICKS_FUNCTIONS, REDSHIFT_FUNCTIONS } from './functions.ts';
import { type Context, isRedshift, type Value } from './scope.ts';
import { NotSupported, SqlSemanticError } from './sql-failure.ts';

export interface FunctionCall {
  context: Context;
  call: Call;
  /** Emits an argument; the function is called only with a number of arguments that it allows. */
  arg(index: number): Value;
  args: readonly Expression[];
}

export interface FunctionEntry {
  min: number;
  max: number;
  emit(call: FunctionCall): Omit<Value, 'expression'>;
}

export function emitCall(context: Context, call: Call): Value {
  if (call.named.length > 0) throw new NotSupported(`named arguments of ${call.name}`, call.at);
  if (AGGREGATES.has(call.name)) return emitAggregate(context, call);
  if (WINDOW_ONLY.has(call.name)) return emitWindowOnly(context, call);
  if (
    call.over !== null ||
    call.filter !== null ||
    call.withinGroup !== null ||
    call.distinct ||
    call.star ||
    call.nulls !== null
  )
    throw new NotSupported(`this form of ${call.name}()`, call.at);
  const table = isRedshift(context) ? REDSHIFT_FUNCTIONS : DATABRICKS_FUNCTIONS;
  const entry = Object.hasOwn(table, call.name) ? table[call.name] : undefined;
  if (entry === undefined) return emitExtra(context, call);
  if (call.args.length < entry.min || call.args.length > entry.max)
    throw new SqlSemanticError(
      'other',
      `${call.name}() takes ${entry.min} to ${entry.max} arguments, not ${call.args.length}`,
      call.at,
    );
  const arg = (index: number): Value => emit(context, call.args[index] as Expression);
  return { ...entry.emit({ context, call, arg, args: call.args }), expression: call };
}

function emitExtra(context: Context, call: Call): Value {
  const { extraFunction } = context.options;
  const result = extraFunction?.(
    call.name,
    call.args.map((argument) => emit(context, argument)),
  );
  if (result === undefined || result === null) throw new NotSupported(`the function ${call.name}()`, call.at);
  return { ...result, expression: call };
}
