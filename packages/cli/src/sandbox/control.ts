/** Misfortune for a running sandbox: fault plans and the warehouse's state, through its control endpoint. */
import { LakehaulError } from '@lakehaul/core';
import type { SandboxState } from './state.ts';

/** Sets the plan (a JSON list; `[]` ends it) and shows what the endpoint now has. */
export async function setFaultPlan(state: SandboxState, text: string): Promise<unknown> {
  let plan: unknown;
  try {
    plan = JSON.parse(text);
  } catch (cause) {
    throw new LakehaulError('USAGE', 'the fault plan is no JSON', { cause, next: EXAMPLE });
  }
  return ask(state, 'POST', '/faults', plan);
}

export function showFaultPlan(state: SandboxState): Promise<unknown> {
  return ask(state, 'GET', '/faults');
}

/** Lets go of every call that waits for `until: "released"`. */
export function releaseFaults(state: SandboxState): Promise<unknown> {
  return ask(state, 'POST', '/faults/release', {});
}

export function setWarehouse(state: SandboxState, verb: string | undefined): Promise<unknown> {
  if (verb !== 'stop' && verb !== 'start')
    throw new LakehaulError('USAGE', `sandbox warehouse ${verb ?? ''} is not known`, { next: 'stop or start' });
  return ask(state, 'POST', '/warehouse', { state: verb === 'stop' ? 'STOPPED' : 'RUNNING' });
}

const EXAMPLE =
  `lakehaul sandbox fault '[{"point":"s3.*","nth":0,"probability":0.2,"happens":{"kind":"throttled"}}]'` as const;

async function ask(state: SandboxState, method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(new URL(path, state.endpoints.admin), {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answered = (await answer.json()) as { message?: string };
  if (!answer.ok) throw new LakehaulError('USAGE', answered.message ?? `status ${answer.status}`, { next: EXAMPLE });
  return answered;
}
