/** How do you know? One gate: its number against its limit, how fresh that is, and the tables, chunks and records behind it. */
import { age, count, time } from '../format.ts';
import { reading, threshold, VERDICT_LOOKS, VERDICT_WORDS } from '../gate-words.ts';
import { chunkHref, href } from '../href.ts';
import { nowMs } from '../live.ts';
import { Copy } from '../parts/copy.tsx';
import { Fact } from '../parts/fact.tsx';
import { cursorQuery, Pager, usePages } from '../parts/pager.tsx';
import { Panel, Told } from '../parts/panel.tsx';
import { StageTag } from '../parts/stage-bar.tsx';
import { useResource } from '../resource.ts';
import type { GateEvidence } from '../shapes.ts';

/** Each look reads records of the ledger. */
const EVERY_MS = 5_000;

type Finding = GateEvidence['findings'][number];

export function OneGate({ code }: { code: string }) {
  const pages = usePages(code);
  const gate = useResource<GateEvidence>(`/v1/gates/${encodeURIComponent(code)}${cursorQuery(pages)}`, EVERY_MS).value;
  return (
    <div class="page">
      <p class="crumbs">
        <a href={href(['gates'])}>Gates</a>
      </p>
      <Told shown={gate}>
        {(value) => (
          <>
            <Verdict gate={value} />
            <Panel title="What it rests on" aside={value.tables === 0 ? undefined : tableWords(value)}>
              {value.findings.length === 0 ? (
                <p class="empty">{value.notAsked ?? 'Nothing stands against it.'}</p>
              ) : (
                <ul class="evidence">
                  {value.findings.map((finding) => (
                    <FindingRow key={finding.tableId ?? ''} finding={finding} gate={value} />
                  ))}
                </ul>
              )}
              <Pager pages={pages} next={value.next} label="findings" />
            </Panel>
          </>
        )}
      </Told>
    </div>
  );
}

function tableWords({ tables }: GateEvidence): string {
  return `${count(tables)} ${tables === 1 ? 'table' : 'tables'} against it`;
}

function Verdict({ gate }: { gate: GateEvidence }) {
  const { code, question, verdict, reason, source, breaks, observedAt, isEvidence } = gate;
  return (
    <>
      <div class="head">
        <h1>{question}</h1>
        <b class={VERDICT_LOOKS[verdict]}>{VERDICT_WORDS[verdict]}</b>
        <code class="quiet">{code}</code>
      </div>
      <section class="panel" aria-label="How do you know?">
        <dl class="facts flush">
          <Fact name="against it">{verdict === 'NOT_ASKED' ? gate.notAsked : reading(gate)}</Fact>
          <Fact name="allowed">{threshold(gate)}</Fact>
          <Fact name="observed">
            {observedAt === null ? (
              'never'
            ) : (
              <>
                <time dateTime={observedAt}>{time(observedAt)}</time>{' '}
                <span class="quiet">by S3’s clock, {age(observedAt, nowMs.value)}</span>
              </>
            )}
          </Fact>
          <Fact name="known from">{source}</Fact>
          <Fact name={reason === null ? 'what would turn it' : 'what turns it'}>{reason?.next ?? breaks}</Fact>
          <Fact name="part of">
            {isEvidence ? 'the evidence: it must pass before anybody approves' : 'the decision, not of the evidence'}
          </Fact>
        </dl>
      </section>
    </>
  );
}

function FindingRow({ finding, gate }: { finding: Finding; gate: GateEvidence }) {
  const { table, tableId, detail, chunks, moreChunks, records } = finding;
  return (
    <li>
      <p>
        {tableId === null ? (
          detail
        ) : (
          <>
            <a href={href(['tables', tableId])}>
              <b>{table}</b>
            </a>{' '}
            {withoutName(detail, table ?? '')}
          </>
        )}
      </p>
      {chunks.length === 0 ? null : (
        <ul class="evidence-chunks">
          {chunks.map(({ chunk, stage, attempt, changedAt, detail: why }) => (
            <li key={`${chunk} ${why ?? ''}`}>
              <a href={chunkHref(chunk)}>{chunk.split('/').slice(1).join('/')}</a> <StageTag stage={stage} />
              <span class="quiet number">
                {attempt === 0 ? '' : `attempt ${attempt}`}
                {changedAt === null ? '' : `, ${time(changedAt)}`}
              </span>
              {why === null ? null : <span>{why}</span>}
            </li>
          ))}
        </ul>
      )}
      {moreChunks === 0 ? null : <More finding={finding} gate={gate} />}
      {records.map(({ what, key, at, chunk }) => (
        <p key={`${what} ${key ?? ''}`} class="record">
          <span>
            {chunk === null ? what : <a href={chunkHref(chunk)}>{`${chunk}: ${what}`}</a>}
            {at === null ? null : <span class="quiet number"> {time(at)}</span>}
          </span>
          {key === null ? null : <Copy text={key} label="the record’s key" />}
        </p>
      ))}
    </li>
  );
}

/** All of them: waiting ones where something can be done about them, others on the map. */
function More({ finding: { table, moreChunks }, gate }: { finding: Finding; gate: GateEvidence }) {
  const name = table ?? '';
  const stage = { CHUNKS_MISMATCHED: 'mismatched', CHUNKS_ACCEPTED: 'accepted' }[String(gate.code)] ?? '';
  const to =
    gate.code === 'CHUNKS_QUARANTINED' ? href(['quarantine'], { table: name }) : href(['map'], { table: name, stage });
  return (
    <p class="more">
      <a href={to}>and {count(moreChunks)} more</a>
    </p>
  );
}

/** A reason names the table by itself; beside its link that would be said twice. */
function withoutName(detail: string, table: string): string {
  return detail === table ? '' : detail.startsWith(`${table}: `) ? detail.slice(table.length + 2) : detail;
}
