/** Where the queues live. Everything in them can be rebuilt from the ledger, so none of the stores needs to be durable. */
import type { Processor, Queue, QueueOptions, Worker, WorkerOptions } from 'bullmq';

/** Texts by name and process. They may be lost at any time, as everything here: whoever tells something tells it again. */
export interface Board {
  tell(name: string, process: string, text: string): Promise<void>;
  told(name: string): Promise<ReadonlyMap<string, string>>;
  forget(name: string, process: string): Promise<void>;
}

export interface QueueStore {
  kind: 'redis' | 'embedded-postgres';
  /** For a person: where it is, without credentials. */
  description: string;
  /** Other processes can reach it too; otherwise all services share this one. */
  isShared: boolean;
  openQueue(name: string, options: Omit<QueueOptions, 'connection' | 'prefix'>): Queue;
  openWorker(name: string, processor: Processor, options: Omit<WorkerOptions, 'connection' | 'prefix'>): Worker;
  /** What processes tell each other; null where there is only this one. */
  board: Board | null;
  stop(): Promise<void>;
}
