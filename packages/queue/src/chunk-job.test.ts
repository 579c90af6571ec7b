import { expect, it } from 'vitest';
import { type ChunkJob, jobIdOf, parseChunkJob } from './chunk-job.ts';

const JOB: ChunkJob = {
  schemaVersion: 1,
  migration: 'm',
  tableId: 's-t-0a1b2c3d',
  generation: 2,
  chunk: 42,
  attempt: 3,
  step: 'load',
};

it('a job id says generation, chunk, attempt and step', () => {
  expect(jobIdOf(JOB)).toBe('s-t-0a1b2c3d-g2-c42-a3-load');
});

it('a payload comes back as it went in', () => {
  expect(parseChunkJob(JSON.parse(JSON.stringify(JOB)))).toEqual(JOB);
});

it.each([
  null,
  {},
  5,
  { ...JOB, schemaVersion: 2 },
  { ...JOB, step: 'bench' },
  { ...JOB, chunk: '42' },
  { ...JOB, attempt: 1.5 },
])('a payload of another version is refused, not guessed: %j', (data) => {
  expect(() => parseChunkJob(data)).toThrowError('not of this version');
});
