export { type ChunkJob, jobIdOf, parseChunkJob } from './chunk-job.ts';
export { ChunkQueues, type ChunkQueuesOptions, type JobToAdd, type StepCounts } from './chunk-queues.ts';
export { openQueueStore, type QueueStoreOptions } from './open-queue-store.ts';
export { freePort } from './private-redis.ts';
export type { QueueMetrics } from './queue-metrics.ts';
export type { QueueStore } from './queue-store.ts';
export { type RunningWorker, type StepResult, type StepWorkerOptions, startStepWorker } from './step-worker.ts';
export {
  type Candidate,
  type SelectedJob,
  selectJobs,
  surplusJobs,
  type TableCandidates,
  type WindowRequest,
} from './window.ts';
