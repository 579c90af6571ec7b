/** What the word beside the reader's name says: whether the line is alive, and whether what comes over it is new. Pure. */
import { duration } from './format.ts';

/** A word every 15 s is promised; what is older than this is told. */
const SILENT_MS = 17_000;
/** As `lakehaul top` has it (packages/operate/src/ledger-age.ts): looks come every two seconds and may take some tens of them. */
const OLD_MS = 60_000;

export interface LinkWords {
  text: string;
  look: 'live' | 'lost' | '';
  /** For a screen reader, once; empty while all is well. */
  alarm: string;
}

export function linkWords(at: {
  link: 'connecting' | 'live' | 'lost';
  nowMs: number;
  /** 0: nothing was heard yet. */
  heardMs: number;
  /** When the service began its last whole look at the ledger; 0: it has not told. */
  lookedMs: number;
}): LinkWords {
  const { link, nowMs, heardMs, lookedMs } = at;
  const ago = (ms: number) => duration(Math.max(1_000, nowMs - ms));
  if (link === 'live' && nowMs - heardMs < SILENT_MS) {
    // A service that cannot read the ledger answers as ever, with what it knew: never told as live.
    if (lookedMs > 0 && nowMs - lookedMs >= OLD_MS)
      return {
        text: `old: ledger read ${ago(lookedMs)} ago`,
        look: 'lost',
        alarm: 'The control service cannot read the ledger: what is shown is old.',
      };
    return { text: 'live', look: 'live', alarm: '' };
  }
  const isConnecting = link === 'connecting';
  return {
    text: heardMs > 0 ? `last heard ${ago(heardMs)} ago` : isConnecting ? 'connecting' : 'not connected',
    look: isConnecting ? '' : 'lost',
    alarm: isConnecting ? '' : 'Connection to the control service lost.',
  };
}
