/** What can go wrong at one call of one worker, as branches of a search. */
import { LakehaulError } from '@lakehaul/core';
import {
  type Answer,
  beginLoad,
  type Call,
  commitLoad,
  endLoad,
  perform,
  runBatch,
  submitBatch,
  submitLoad,
  type Touch,
  touchesOf,
  touchesOfBatch,
  touchesOfLoad,
} from '../model/calls.ts';
import { type Clouds, withObject } from '../model/state.ts';

export interface FaultBranch {
  name: string;
  clouds: Clouds;
  /** Null: the process is dead and hears nothing. */
  answer: Answer | null;
}

const lost: Answer = { error: new LakehaulError('ANSWER_LOST', 'the answer never came') };
const unreachable: Answer = { error: new LakehaulError('UNREACHABLE', 'connection cut') };

export function changesClouds(call: Call): boolean {
  return call.on === 's3.PutObject' || call.on === 'redshift.BatchExecuteStatement' || call.on === 'databricks.write';
}

/**
 * A crash is only tried before calls that change something, be it the time: one before a reading call is the same as one
 * after the change before it, since a reading leaves nothing behind.
 */
export function faultsAt(clouds: Clouds, call: Call): FaultBranch[] {
  if (call.on === 'world.change') return [];
  if (call.on === 'clock.sleep') return [{ name: 'crash before the pause', clouds, answer: null }];
  const branches: FaultBranch[] = [{ name: 'connection cut before the work', clouds, answer: unreachable }];
  if (call.on === 'redshift.GetStatementResult') branches.push(expired(clouds, call.id));
  if (!changesClouds(call)) return branches;
  branches.push({ name: 'crash before the work', clouds, answer: null });
  branches.push({ name: 'answer lost after the work', clouds: perform(clouds, call).clouds, answer: lost });
  for (const late of lateEffects(clouds, call)) {
    branches.push({ ...late, name: `${late.name}, its answer lost`, answer: lost });
    branches.push({ ...late, name: `${late.name}, its client crashed`, answer: null });
  }
  const failed = failedStatement(clouds, call);
  if (failed !== null) branches.push(failed);
  return branches;
}

function expired(clouds: Clouds, id: string): FaultBranch {
  const batches = clouds.batches.map((batch) => (batch.id === id ? { ...batch, isExpired: true } : batch));
  const error = new LakehaulError('SOURCE_RESULT_EXPIRED', `result of ${id} has expired`);
  return { name: 'result expired', clouds: { ...clouds, batches }, answer: { error } };
}

function lateEffects(clouds: Clouds, call: Call): { name: string; clouds: Clouds }[] {
  if (call.on === 's3.PutObject')
    return [{ name: 'PUT delayed', clouds: { ...clouds, latePut: { key: call.key, body: call.body } } }];
  const states = ['arriving', 'running'] as const;
  if (call.on === 'redshift.BatchExecuteStatement')
    return states.map((state) => ({
      name: `UNLOAD ${state}`,
      clouds: submitBatch(clouds, call.request, state).clouds,
    }));
  if (call.on === 'databricks.write')
    return states.map((state) => ({
      name: `${call.load.operation} ${state}`,
      clouds: submitLoad(clouds, call, state).clouds,
    }));
  return [];
}

function failedStatement(clouds: Clouds, call: Call): FaultBranch | null {
  if (call.on === 'databricks.write')
    return {
      name: 'statement fails on a conflict',
      clouds: submitLoad(clouds, call, 'failed').clouds,
      answer: { error: new LakehaulError('TARGET_CONFLICT', 'DELTA_CONCURRENT_APPEND') },
    };
  if (call.on !== 'redshift.BatchExecuteStatement') return null;
  const { clouds: after, answer } = submitBatch(clouds, call.request, 'failed');
  return { name: 'statement fails', clouds: after, answer };
}

export interface Landing {
  name: string;
  clouds: Clouds;
  touches: Touch[];
}

/** What a delayed effect can do next: arrive, so that it is seen, or be done. Past its time-out it can do neither. */
export function landings(clouds: Clouds): Landing[] {
  const found: Landing[] = [];
  if (clouds.latePut !== null) {
    const { key, body } = clouds.latePut;
    const call: Call = { on: 's3.PutObject', key, body, isCreateOnce: true };
    // All PUTs of the ledger are conditional: one that comes second is refused, whoever sent it.
    const after = clouds.objects.has(key) ? clouds : withObject(clouds, key, body);
    found.push({
      name: `the delayed PUT of ${key} lands`,
      clouds: { ...after, latePut: null },
      touches: touchesOf(clouds, call),
    });
  }
  for (const load of clouds.loads) {
    const touches = touchesOfLoad(load);
    const name = `${load.operation} of attempt ${load.attempt}`;
    if (load.state === 'arriving') found.push({ name: `${name} arrives`, clouds: beginLoad(clouds, load.id), touches });
    if (load.state === 'running') found.push({ name: `${name} ends`, clouds: landed(clouds, load.id), touches });
  }
  for (const batch of clouds.batches) {
    const touches = touchesOfBatch(batch.dataPrefix);
    const name = `UNLOAD ${batch.name}`;
    const batches = clouds.batches.map((each) => (each === batch ? { ...each, state: 'running' as const } : each));
    if (batch.state === 'arriving') found.push({ name: `${name} arrives`, clouds: { ...clouds, batches }, touches });
    if (batch.state === 'running') found.push({ name: `${name} ends`, clouds: runBatch(clouds, batch.id), touches });
  }
  return found;
}

function landed(clouds: Clouds, id: string): Clouds {
  try {
    return commitLoad(clouds, id).clouds;
  } catch (thrown) {
    if (!(thrown instanceof LakehaulError)) throw thrown;
    return endLoad(clouds, id, 'failed');
  }
}
