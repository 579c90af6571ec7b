/** What runs within a service process: its loops, and how it ends. */
import type { Loop } from '@lakehaul/runtime';

export interface HostedService {
  loops: () => readonly Loop[];
  drain(): Promise<void>;
  stop(): Promise<void>;
  done: Promise<void>;
}
