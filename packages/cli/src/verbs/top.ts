import { QUEUES_JSON } from '@lakehaul/control';
import { asLakehaulError } from '@lakehaul/core';
import { STATUS_JSON, THROTTLE_JSON, utcTime } from '@lakehaul/operate';
import { systemClock } from '@lakehaul/runtime';
import { z } from 'zod';
import { type ApiClient, openApi } from '../api-client.ts';
import { printJson } from '../json/common.ts';
import { type TopView, topText } from '../print/top.ts';
import { EXIT, type Verb, type VerbCall } from '../verb.ts';

const EVERY_MS = 2_000;
const STATUS = STATUS_JSON.extend({ asOf: utcTime });
const TOP_JSON = z.strictObject({
  status: STATUS,
  queues: QUEUES_JSON.shape.queues.nullable(),
  throttle: THROTTLE_JSON.nullable(),
});
type Top = z.output<typeof TOP_JSON>;

interface Look {
  top: Top;
  /** Age of what the service knew, and when we were told, by our clock. */
  ledgerAgeMs: number | null;
  toldMs: number;
}

export const top: Verb = {
  name: 'top',
  operands: '',
  summary: 'a live view of verdict, queues and tables, by the API of the control service',
  example: 'lakehaul top --url http://127.0.0.1:8080',
  details: ['The token comes from LAKEHAUL_CONTROL_TOKEN, or from the file that LAKEHAUL_CONTROL_TOKEN_FILE names.'],
  flags: [
    {
      ...{ name: 'url', value: 'URL', doc: 'of the control service' },
      ...{ env: 'LAKEHAUL_CONTROL_URL', default: 'http://127.0.0.1:8080' },
    },
    { name: 'once', doc: 'look once and end; so it is off a terminal' },
    { name: 'json', doc: 'print one JSON document on stdout, and end' },
    { name: 'help', doc: 'print this text' },
  ],
  json: [{ command: 'top', says: 'What the view is made of.', shape: TOP_JSON }],
  async run(call) {
    const { terminal, flags, signal } = call;
    const api = await openApi(String(flags['url']), call.env);
    if (flags['json'] === true) {
      printJson(terminal, TOP_JSON, (await look(api, signal)).top);
      return EXIT.done;
    }
    if (flags['once'] === true || !terminal.isTerminal) {
      terminal.out(topText(viewOf(await look(api, signal), null), terminal));
      return EXIT.done;
    }
    return live(api, call);
  },
};

/** The first look has to succeed; after that what was seen last stays, with its age. */
async function live(api: ApiClient, { terminal, signal }: VerbCall): Promise<number> {
  let last = await look(api, signal);
  let lost: string | null = null;
  while (!signal.aborted) {
    terminal.status(topText(viewOf(last, lost), terminal));
    await systemClock.sleep(EVERY_MS, signal).catch(() => undefined);
    if (signal.aborted) break;
    try {
      last = await look(api, signal);
      lost = null;
    } catch (thrown) {
      if (!signal.aborted) lost = asLakehaulError(thrown).message;
    }
  }
  return EXIT.done;
}

async function look(api: ApiClient, signal: AbortSignal): Promise<Look> {
  const { value: status, ledgerAgeMs } = await api.get('/v1/status', STATUS, signal);
  const toldMs = systemClock.nowMs();
  // While only the queue store is away, the ledger's part is no less true.
  const [queues, throttle] = await Promise.all([
    api.get('/v1/queues', QUEUES_JSON, signal).then(
      ({ value }) => value.queues,
      () => null,
    ),
    api.get('/v1/throttle', THROTTLE_JSON, signal).then(
      ({ value }) => value,
      () => null,
    ),
  ]);
  return { top: { status, queues, throttle }, ledgerAgeMs, toldMs };
}

/** Its age by the service's clock and ours, each for its own part: S3's, which `asOf` is of, may differ from both. */
function viewOf({ top: { status, queues, throttle }, ledgerAgeMs, toldMs }: Look, lost: string | null): TopView {
  const asOfMs = Date.parse(status.asOf);
  const nowMs = systemClock.nowMs();
  const ageMs = Math.max(0, ledgerAgeMs === null ? nowMs - asOfMs : ledgerAgeMs + nowMs - toldMs);
  return { status, queues, throttle, lost, asOfMs, ageMs };
}
