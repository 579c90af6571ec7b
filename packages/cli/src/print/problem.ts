/** Every refusal: CODE  what happened · where · what to do next. */
import type { LakehaulError } from '@lakehaul/core';
import { styled, type Terminal } from './terminal.ts';

export function problemText(terminal: Pick<Terminal, 'hasColour'>, error: LakehaulError): string {
  const where = error.where === '' || error.message.includes(error.where) ? '' : ` · ${error.where}`;
  return `${styled(terminal, 'red', error.code)}  ${error.message}${where}\n  next: ${error.next} · deploy/runbook/errors.md#${error.code.toLowerCase()}`;
}

export function problemJson(error: LakehaulError): Record<string, string> {
  return { code: error.code, message: error.message, where: error.where, next: error.next };
}
