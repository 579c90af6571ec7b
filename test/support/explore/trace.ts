/** How an explored schedule came to where it is, told in words only when somebody wants to read it. */
import type { Answer, Call } from '../model/calls.ts';

/** A list from the last step back to the first. */
export interface Step {
  who: string;
  call: Call | null;
  answer: Answer | null;
  note: string;
  before: Step | null;
}

export function traceOf(last: Step | null): string[] {
  const trace: string[] = [];
  for (let step = last; step !== null; step = step.before) trace.unshift(told(step));
  return trace;
}

function told(step: Step): string {
  if (step.call === null) return `   ~ ${step.note}`;
  const fault = step.note === '' ? '' : `  ! ${step.note}`;
  return `${step.who}: ${describe(step.call)}${fault}${step.answer === null ? '' : heard(step.answer)}`;
}

function describe(call: Call): string {
  return shown(call).replace(/ledger\/.*\/\d{10}\//, '…/');
}

function shown(call: Call): string {
  switch (call.on) {
    case 's3.PutObject':
      return `PUT ${call.key}`;
    case 's3.GetObject':
      return `GET ${call.key}`;
    case 's3.HeadObject':
      return `HEAD ${call.key}`;
    case 's3.ListObjectsV2':
    case 'stage.readManifest':
      return `LIST ${call.prefix}`;
    case 'redshift.BatchExecuteStatement':
      return `UNLOAD ${call.request.statementName}`;
    case 'databricks.write':
      return `${call.load.operation.toUpperCase()} ${call.load.tag}`;
    case 'databricks.history':
      return `query history of ${call.tag}`;
    default:
      return call.on;
  }
}

function heard(answer: Answer): string {
  if ('error' in answer) return `  → ${answer.error.code}`;
  const { value } = answer;
  if (typeof value === 'object' && value !== null && 'created' in value) return value.created === true ? '' : '  → 412';
  return typeof value === 'string' || typeof value === 'number' ? `  → ${value}` : '';
}
