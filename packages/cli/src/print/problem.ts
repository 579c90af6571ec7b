/** Every refusal: CODE  what happened · where · what to do next. */
import type { LakehaulError } from '@lakehaul/core';
import { styled, type Terminal } from './terminal.ts';

/** Where the runbook tells of a code. */
export function runbookLink(code: string): string {
  return `deploy/runbook/errors.md#${code.toLowerCase()}`;
}

export function problemText(terminal: Pick<Terminal, 'hasColour'>, error: LakehaulError): string {
  const where = error.where === '' || error.message.includes(error.where) ? '' : ` · ${error.where}`;
  return `${styled(terminal, 'red', error.code)}  ${error.message}${where}\n  next: ${error.next} · ${runbookLink(error.code)}`;
}

export function problemJson(error: LakehaulError) {
  const { code, message, where, next } = error;
  return { code, message, where, next, runbook: runbookLink(code) };
}
