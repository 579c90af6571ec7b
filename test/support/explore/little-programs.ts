/** Little programs of calls that do what no worker of ours does, for holding the explorer's short cuts against. */
import type { ChunkRef } from '@lakehaul/core';
import fc from 'fast-check';
import { BUCKET_URL, type Call, submitLoad } from '../model/calls.ts';
import type { Caller } from '../model/ports.ts';
import { type Clouds, type Load, newClouds, withObject } from '../model/state.ts';
import type { Exploration } from './exploration.ts';
import type { Program } from './worker-tree.ts';

/** `put`: all that was heard so far, under a key that may be taken. `look`: at the process's own clock. */
export const INSTRUCTIONS = [
  'put a/1',
  'put a/2',
  'get a/1',
  'list a/',
  'time',
  'look',
  'sleep',
  'copy',
  'replace',
  'history',
  'version',
  'commits',
  'unload',
  'statements',
  'list stage/',
] as const;
export type Instruction = (typeof INSTRUCTIONS)[number];

/** What may be on its way when the search begins. */
export type Underway = 'nothing' | 'copy running' | 'copy arriving' | 'PUT delayed';

export interface LittlePrograms {
  programs: readonly [readonly Instruction[], readonly Instruction[]];
  underway: Underway;
  switches: number;
  faults: number;
}

export const littlePrograms: fc.Arbitrary<LittlePrograms> = fc
  .record({
    programs: fc.tuple(
      fc.array(fc.constantFrom(...INSTRUCTIONS), { minLength: 1, maxLength: 3 }),
      fc.array(fc.constantFrom(...INSTRUCTIONS), { minLength: 1, maxLength: 3 }),
    ),
    underway: fc.constantFrom('nothing', 'copy running', 'copy arriving', 'PUT delayed'),
    switches: fc.integer({ min: 0, max: 2 }),
    faults: fc.integer({ min: 0, max: 1 }),
  })
  // The model keeps one delayed PUT: a second one takes the place of the first.
  .filter(({ underway, faults }) => underway !== 'PUT delayed' || faults === 0);

export function explorationOf({ programs, underway, switches, faults }: LittlePrograms): Exploration {
  // The same program twice is one program, so that the search takes its two workers for each other.
  const first = programOf(programs[0], 'p');
  const second = programs[0].join() === programs[1].join() ? first : programOf(programs[1], 'q');
  return {
    start: startWith(underway),
    ref: {} as ChunkRef,
    workers: [
      { name: 'A', program: first, turns: 1 },
      { name: 'B', program: second, turns: 1 },
    ],
    successor: { name: 'C', program: programOf(['list a/', 'version'], 'r'), turns: 1 },
    switches,
    faults,
    judgeMoment: () => null,
    judgeEnd: () => null,
  };
}

/** All that it heard stands in S3 in the end, under a key that only the same memory has. */
function programOf(instructions: readonly Instruction[], tag: string): Program {
  return {
    first: '',
    async turn(caller) {
      const heard: string[] = [tag];
      for (const [place, instruction] of instructions.entries())
        heard.push(await follow(caller, instruction, `${tag}${place}`, heard).catch((thrown) => `!${thrown.code}`));
      const body = heard.join(' ');
      await caller.call({ on: 's3.PutObject', key: `end/${body}`, body, isCreateOnce: true }).catch(() => undefined);
      return { end: 'ended' };
    },
  };
}

async function follow(caller: Caller, instruction: Instruction, tag: string, heard: string[]): Promise<string> {
  if (instruction === 'look') return `at ${caller.nowMs()}`;
  return JSON.stringify(await caller.call(callOf(instruction, tag, heard, caller)));
}

function callOf(instruction: Exclude<Instruction, 'look'>, tag: string, heard: string[], caller: Caller): Call {
  switch (instruction) {
    case 'put a/1':
    case 'put a/2':
      return { on: 's3.PutObject', key: instruction.slice(4), body: heard.join(' '), isCreateOnce: true };
    case 'get a/1':
      return { on: 's3.GetObject', key: 'a/1' };
    case 'list a/':
    case 'list stage/':
      return { on: 's3.ListObjectsV2', prefix: instruction.slice(5), after: '' };
    case 'time':
      return { on: 's3.HeadBucket' };
    case 'sleep':
      return { on: 'clock.sleep', ms: 1_000 };
    case 'copy':
    case 'replace': {
      const load = { ...loadOf(instruction, tag), startBeforeMs: caller.nowMs() + 30_000 };
      return { on: 'databricks.write', load, sendBeforeMs: Number.POSITIVE_INFINITY };
    }
    case 'history':
      return { on: 'databricks.history', tag: 'before' };
    case 'version':
      return { on: 'databricks.version' };
    case 'commits':
      return { on: 'databricks.commits', since: '0' };
    case 'unload': {
      const predicate = { parts: [], cutLine: null };
      return {
        on: 'redshift.BatchExecuteStatement',
        request: { statementName: tag, dataUrl: `${BUCKET_URL}stage/${tag}/`, predicate },
      };
    }
    case 'statements':
      return { on: 'redshift.ListStatements', name: 'p0' };
  }
}

const loadOf = (operation: Load['operation'], tag: string): Load => ({
  operation,
  tag,
  chunk: 0,
  attempt: 1,
  dataPrefix: 'stage/before/',
  fileNames: ['f'],
  timeoutMs: 100_000,
  startBeforeMs: Number.MAX_SAFE_INTEGER,
});

function startWith(underway: Underway): Clouds {
  const clouds = withObject(newClouds([1, 2, 3]), 'stage/before/f', '1:1,2:2');
  const sent = { load: loadOf('copy', 'before'), sendBeforeMs: Number.POSITIVE_INFINITY };
  switch (underway) {
    case 'nothing':
      return clouds;
    case 'copy running':
      return submitLoad(clouds, sent, 'running').clouds;
    case 'copy arriving':
      return submitLoad(clouds, sent, 'arriving').clouds;
    case 'PUT delayed':
      return { ...clouds, latePut: { key: 'a/1', body: 'late' } };
  }
}
