/** The search as it is against one that leaves nothing out: both must come to the same ends. */
import { createHash } from 'node:crypto';
import type { Clouds } from '../model/state.ts';
import type { Exploration, Explored } from './exploration.ts';
import { exploreTwoWorkers, type TwoWorkers } from './one-chunk.ts';

export interface Compared {
  plain: Explored;
  reduced: Explored;
  /** Ends of both, to the last receipt, row and second, whoever did it. */
  ends: number;
  /** Ends that only the plain search comes to, as texts. */
  lost: string[];
  /** Ends that only the reduced search comes to. */
  invented: string[];
}

export function comparePlain(request: TwoWorkers): Promise<Compared> {
  return compareEnds((search) => exploreTwoWorkers({ ...request, ...search }));
}

type Search = Required<Pick<Exploration, 'isPlain' | 'seeEnd'>>;

export async function compareEnds(explored: (search: Search) => Promise<Explored>): Promise<Compared> {
  const [plainEnds, reducedEnds] = [endsSeen(), endsSeen()];
  const plain = await explored({ isPlain: true, seeEnd: plainEnds.see });
  const reduced = await explored({ isPlain: false, seeEnd: reducedEnds.see });
  const onlyIn = (one: Ends, other: Ends) =>
    [...one].filter(([digest]) => !other.has(digest)).map(([, text]) => text.slice(0, 4_000));
  return {
    plain,
    reduced,
    ends: plainEnds.ends.size,
    lost: onlyIn(plainEnds.ends, reducedEnds.ends),
    invented: onlyIn(reducedEnds.ends, plainEnds.ends),
  };
}

type Ends = ReadonlyMap<string, string>;

/** Texts by their digests, with all nonces alike. */
function endsSeen(): { see: (clouds: Clouds) => void; ends: Ends } {
  const ends = new Map<string, string>();
  const bare = (text: string) => text.replace(/"nonce":"[^"]*"/g, '').replace(/~[A-Z]\d+~-\d+-\d+/g, '');
  const see = ({ objects, knownFiles, latePut, ...rest }: Clouds) => {
    const stored = [...objects].map(([key, { body, lastModifiedMs }]) => [bare(key), bare(body), lastModifiedMs]);
    // Whether a PUT that can do nothing any more is still on its way is no difference.
    const late = latePut === null || objects.has(latePut.key) ? null : [bare(latePut.key), bare(latePut.body)];
    const all = { ...rest, objects: stored.sort(), late, knownFiles: [...knownFiles].sort() };
    const text = JSON.stringify(all, (_key, each: unknown) => (typeof each === 'bigint' ? String(each) : each));
    ends.set(createHash('sha256').update(text).digest('hex'), text);
  };
  return { see, ends };
}
