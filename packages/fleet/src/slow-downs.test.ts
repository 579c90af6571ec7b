import { expect, it } from 'vitest';
import { SlowDownTally, slowDownTeller } from './slow-downs.ts';

class Board {
  readonly texts = new Map<string, string>();
  nowMs = 0;
  board = async () => new Map(this.texts);
  tellBoard = async (_name: string, process: string, text: string) => void this.texts.set(process, text);
  forgetOnBoard = async (_name: string, process: string) => void this.texts.delete(process);

  process(name: string) {
    const own = { total: 0, tell: async () => {} };
    own.tell = slowDownTeller({ queues: this, process: name, total: () => own.total });
    return own;
  }

  tally(name: string, total: () => number = () => 0): SlowDownTally {
    return new SlowDownTally({ queues: this, process: name, total, nowMs: () => this.nowMs });
  }
}

it('slow-downs of every process are added up, each once, however many processes sum up', async () => {
  const board = new Board();
  const [planner, worker, verifier] = ['p', 'w', 'v'].map((name) => board.process(name));
  const tell = async () => {
    for (const each of [planner, worker, verifier]) await each?.tell();
  };
  const tallies = ['p', 'p2'].map((name) => board.tally(name, () => (name === 'p' ? (planner?.total ?? 0) : 0)));
  const take = () => Promise.all(tallies.map((tally) => tally.take()));
  if (worker === undefined || verifier === undefined || planner === undefined) return;
  worker.total = 900;
  await tell();
  // What was told before somebody began to sum up is of a time that nobody knows.
  expect(await take()).toEqual([
    { calls: 0, processes: 3 },
    { calls: 0, processes: 4 },
  ]);
  worker.total += 12;
  verifier.total += 5;
  planner.total += 3;
  await tell();
  expect((await take()).map(({ calls }) => calls)).toEqual([20, 20]);
  expect((await take()).map(({ calls }) => calls)).toEqual([0, 0]);
});

it('an emptied board loses nothing that is told again, a new process counts from its beginning, a dead one is forgotten', async () => {
  const board = new Board();
  const worker = board.process('w');
  const tally = board.tally('p');
  await worker.tell();
  await tally.take();
  worker.total = 7;
  board.texts.clear();
  expect(await tally.take()).toEqual({ calls: 0, processes: 1 });
  worker.total = 9;
  await worker.tell();
  expect(await tally.take()).toEqual({ calls: 9, processes: 2 });
  const late = board.process('late');
  late.total = 4;
  await late.tell();
  expect(await tally.take()).toEqual({ calls: 4, processes: 3 });
  board.nowMs = 61_000;
  await late.tell();
  expect(await tally.take()).toEqual({ calls: 0, processes: 2 });
  board.nowMs = 700_000;
  await late.tell();
  await tally.take();
  expect([...board.texts.keys()]).toEqual(['late']);
});

it('what is no number counts nothing', async () => {
  const board = new Board();
  const tally = board.tally('p');
  await tally.take();
  board.texts.set('odd', 'x 1');
  expect(await tally.take()).toEqual({ calls: 0, processes: 2 });
});
