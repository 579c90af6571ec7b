/** Where the queues live. Everything in them can be rebuilt from the ledger, so none of the stores needs to be durable. */
import type { Processor, Queue, QueueOptions, Worker, WorkerOptions } from 'bullmq';

export interface QueueStore {
  kind: 'redis' | 'embedded-postgres';
  /** For a person: where it is, without credentials. */
  description: string;
  /** Other processes can reach it too; otherwise all services share this one. */
  isShared: boolean;
  openQueue(name: string, options: Omit<QueueOptions, 'connection' | 'prefix'>): Queue;
  openWorker(name: string, processor: Processor, options: Omit<WorkerOptions, 'connection' | 'prefix'>): Worker;
  stop(): Promise<void>;
}
