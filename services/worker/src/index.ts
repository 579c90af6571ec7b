export { type LoadDeps, loadChunk } from './load-chunk.ts';
export { startWorker, type WorkerDeps } from './start-worker.ts';
export { type UnloadDeps, unloadChunk } from './unload-chunk.ts';
export { OPEN_GATE, type UnloadGate } from './unload-gate.ts';
export { voidAttempt } from './void-attempt.ts';
