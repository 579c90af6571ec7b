/** Questions about chunks that wait for a person, and losses they wait for; accepting is proposed by one and approved by another. */
import { count } from './format.ts';
import { LiftSteps } from './lift-stop.tsx';
import { ask } from './parts/ask.tsx';
import type { Acknowledgements, Approved, LossProposed, Proposed, Replayed } from './shapes.ts';

export function replay(chunks: readonly string[]): void {
  ask({
    ...{ title: `Replay ${chunkWords(chunks)}`, verb: 'Replay', method: 'POST', path: '/v1/quarantine/replay' },
    body: { filter: { chunks } },
    bind: (preview) => ({ expected: (preview as Replayed).total }),
    tell: (preview) => (
      <p>
        A new attempt of {chunkWords((preview as Replayed).chunks)} is opened; it starts from the source, with a whole
        budget of repairs.
      </p>
    ),
  });
}

export function proposeAccept(chunks: readonly string[]): void {
  ask({
    ...{
      title: `Propose to accept ${chunkWords(chunks)}`,
      verb: 'Propose',
      method: 'POST',
      path: '/v1/quarantine/accept',
    },
    ...{ body: { filter: { chunks } }, isGrave: true },
    bind: (preview) => ({ expected: (preview as Proposed).total }),
    tell: (preview) => (
      <p>
        Nothing is done before somebody else approves. Then {chunkWords((preview as Proposed).chunks)} would be taken as{' '}
        {(preview as Proposed).total === 1 ? 'it is' : 'they are'}: never called verified, named by the gate, and not to
        be undone.
      </p>
    ),
  });
}

export function approve(proposal: string): void {
  ask({
    ...{ title: 'Approve', verb: 'Approve', method: 'POST', path: `/v1/proposals/${proposal}/approve` },
    ...{ body: {}, isGrave: true },
    tell: (preview) => {
      const { chunks, movedOn, lifted, acknowledged } = preview as Approved;
      if (lifted !== null) return <LiftSteps lifted={lifted} />;
      if (acknowledged !== null)
        return (
          <p>
            <code>{acknowledged.acknowledged.join(', ')}</code>: rows of {acknowledged.table} that come from now on may
            lose it, in both your names. It is not taken back.
          </p>
        );
      return (
        <p>
          {chunkWords(chunks)} would be taken unproven, now, in both your names. It cannot be undone, only replayed.
          {movedOn.length === 0 ? null : ` Not as proposed any more, and left alone: ${movedOn.join(', ')}.`}
        </p>
      );
    },
  });
}

export function withdraw(proposal: string): void {
  ask({
    ...{ title: 'Withdraw the proposal', verb: 'Withdraw', method: 'POST', path: `/v1/proposals/${proposal}/withdraw` },
    body: {},
    tell: () => <p>Nobody can approve it any more; what it is about stays as it is.</p>,
  });
}

export function proposeLoss({ table, tableId }: Pick<Acknowledgements, 'table' | 'tableId'>, loss: string): void {
  ask({
    ...{ title: `Propose to acknowledge a loss of ${table}`, verb: 'Propose', isGrave: true },
    ...{
      method: 'POST',
      path: `/v1/tables/${encodeURIComponent(tableId)}/acknowledge`,
      body: { acknowledgements: [loss] },
    },
    tell: (preview) => (
      <p>
        Nothing is done before somebody else approves. Then rows that come from there on may lose{' '}
        <code>{(preview as LossProposed).acknowledged.join(', ')}</code>, and it is not taken back. Chunks that waited
        for it are replayed afterwards.
      </p>
    ),
  });
}

export function chunkWords(chunks: readonly unknown[]): string {
  return `${count(chunks.length)} ${chunks.length === 1 ? 'chunk' : 'chunks'}`;
}
