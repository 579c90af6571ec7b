/** The API within the process that hauls, for one machine; in a cluster it is a service of its own. */
import { ensureConsole } from '@lakehaul/console';
import { startControl } from '@lakehaul/control';
import { asLakehaulError } from '@lakehaul/core';
import type { Session } from '@lakehaul/fleet';
import { ChunkQueues, type QueueStore } from '@lakehaul/queue';

export interface ServedControl extends AsyncDisposable {
  /** `http://127.0.0.1:8080`, without a slash at the end. */
  url: string;
}

/** `fail` hears of what ends the API's own loops; the haul goes on without it. */
export async function serveControl(request: {
  session: Session;
  store: QueueStore;
  fail: (error: unknown) => void;
}): Promise<ServedControl> {
  const { session, store, fail } = request;
  const { config, log, metrics } = session;
  // A second the first time, then nothing. The haul and its API go on without it.
  await ensureConsole().catch((thrown: unknown) =>
    log.warn('console not built', { reason: asLakehaulError(thrown).message, next: 'npm run console' }),
  );
  const queues = new ChunkQueues({ store, migration: config.migration, log, metrics });
  try {
    const control = await startControl({ session, queues, fail });
    const close = async () => {
      await control.stop();
      await queues.close();
    };
    return { url: `http://${hostOf(config.control.host)}:${control.port}`, [Symbol.asyncDispose]: close };
  } catch (thrown) {
    await queues.close();
    throw thrown;
  }
}

/** An address that a browser on this machine can open. */
function hostOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
