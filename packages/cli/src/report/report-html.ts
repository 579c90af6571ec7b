/** The evidence as one page: what a person who signs the cutover reads, and a stranger checks. Pure. */
import { type AuditResult, FINDINGS, NOTES, type NoteCode } from '@lakehaul/audit';
import type { TablePlan } from '@lakehaul/core';
import type { Decision } from '@lakehaul/gates';
import { anchoredText } from '../print/anchored.ts';
import { count, counted, size } from '../print/units.ts';
import type { ReportCollector, ReportedChunk, ReportedTable } from './collect-report.ts';
import { Html, html } from './html.ts';
import { REPORT_STYLE } from './report-style.ts';

export interface ReportInput {
  audit: AuditResult;
  collected: ReportCollector;
  /** Null from a copy: the decision is made beside the ledger. */
  decision: Decision | null;
  madeAt: string;
  observedAt: string;
  version: string;
}

export function reportHtml(input: ReportInput): string {
  const { audit, collected } = input;
  const tables = [...collected.tables.values()].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${audit.migration}: evidence of the migration</title><style>${new Html(REPORT_STYLE)}</style></head><body><main>
<header><h1>Evidence of the migration ${audit.migration}</h1>
<p class="soft">The ledger as of ${time(input.observedAt)}, written down ${time(input.madeAt)} by lakehaul ${input.version}. Times are UTC.</p></header>
${verdicts(input)}${numbers(audit, tables)}${tablesSection(tables)}${detailsSection(tables)}${notMovedSection(collected)}
${recordsSection(collected)}${sealsSection(audit)}${findingsSection(audit)}${howToCheck(audit)}
</main></body></html>
`;
  return page.text;
}

function verdicts({ decision, audit }: ReportInput): Html {
  const clean = audit.isClean
    ? html`<div class="verdict good"><b>Ledger clean</b><br>${counted(audit.objects, 'object was', 'objects were')} read again: seals, causes, plans and every proof hold.</div>`
    : html`<div class="verdict bad"><b>Ledger not clean</b><br>${counted(audit.findingCount, 'finding')}, listed below. Nothing on this page should be relied on before they are explained.</div>`;
  if (decision === null) return clean;
  const kind = decision.verdict === 'GO' ? 'good' : decision.verdict === 'NO_GO' ? 'bad' : 'wait';
  return html`<div class="verdict ${kind}"><b>${decision.verdict}</b> &middot; evidence ${decision.evidence}
<ul>${decision.reasons.map((each) => html`<li>${each.reason} <span class="soft">(${each.code}; next: ${each.next})</span></li>`)}</ul></div>${clean}`;
}

function numbers(audit: AuditResult, tables: readonly ReportedTable[]): Html {
  const sum = (pick: (table: ReportedTable) => number) => tables.reduce((total, table) => total + pick(table), 0);
  const total = (pick: (table: ReportedTable) => bigint) => tables.reduce((all, table) => all + pick(table), 0n);
  const entries: [string, string][] = [
    ['tables', count(tables.length)],
    ['chunks proven', `${count(sum((table) => table.done))} of ${count(sum(chunksOf))}`],
    ['rows proven', count(total((table) => table.rows))],
    ['bytes staged for them', size(total((table) => table.stagedBytes))],
    ['chunks repaired', count(sum((table) => table.repaired))],
    ['objects sealed', `${count(audit.sealedObjects)} of ${count(audit.objects)}`],
  ];
  return html`<dl class="numbers">${entries.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function tablesSection(tables: readonly ReportedTable[]): Html {
  return html`<h2>What was moved</h2><div class="scroll"><table><thead><tr><th>table</th><th class="n">chunks proven</th><th class="n">rows</th><th>how proven</th><th class="n">repaired</th><th>from</th><th>last proof</th><th>target</th></tr></thead><tbody>
${tables.map((table) => {
  const isDone = table.done === chunksOf(table);
  return html`<tr><td class="long">${nameOf(table)}</td><td class="n ${isDone ? 'good' : 'wait'}">${count(table.done)} of ${count(chunksOf(table))}</td><td class="n">${count(table.rows)}</td><td>${levelsOf(table)}</td><td class="n">${count(table.repaired)}</td><td class="t">${time(table.firstUnloadedAt)}</td><td class="t">${time(table.lastProvenAt)}</td><td class="long">${targetOf(table)}</td></tr>`;
})}</tbody></table></div>
<p class="soft">count: the counts agree, nothing more is claimed. carried: the row hashes that travelled from the source’s own columns equal those recomputed from the target’s. full: a second, independent scan at the source says the same.</p>`;
}

function detailsSection(tables: readonly ReportedTable[]): Html {
  return html`<h2>Table by table</h2>${tables.map(
    (
      table,
    ) => html`<details><summary>${nameOf(table)}: ${count(table.done)} of ${counted(chunksOf(table), 'chunk')} proven${
      table.exceptions.length > 0 ? `, ${count(table.exceptions.length + table.moreExceptions)} with a story` : ''
    }</summary><div>
<dl class="facts">${factsOf(table).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
${lossesOf(table)}${exceptionsOf(table)}</div></details>`,
  )}`;
}

function factsOf(table: ReportedTable): [string, string][] {
  const plan = firstPlan(table);
  if (plan === undefined) return [];
  const last = table.plans.at(-1);
  return [
    [
      'source',
      `${plan.source.database}.${nameOf(table)}, oid ${plan.source.oid}, column list ${plan.source.columnListHash}`,
    ],
    ['target', `${targetOf(table)}${plan.target.adopted ? ' (was there before, adopted)' : ''}`],
    ['cut by', plan.keyColumns.length === 0 ? plan.keyReason : `${plan.keyColumns.join(', ')} (${plan.keyReason})`],
    [
      'cut line',
      plan.cutLine === null
        ? 'none: every row'
        : `${plan.cutLine.column} before ${plan.cutLine.before}, and rows without it`,
    ],
    [
      'generations',
      `${table.plans.length}${last?.watermark == null ? '' : `, the last one ends at ${last.watermark}: later rows are in none`}`,
    ],
    ['planned', table.plans.map((each) => time(each.plannedAt)).join(', ')],
    ['unloaded from', `${time(table.firstUnloadedAt)}; the snapshot of each chunk is in the JSON`],
    ['chunks by stage', stagesOf(table)],
    ['Σ of row hashes', `${table.sum1} / ${table.sum2} over ${counted(table.rows, 'row')}`],
    ['by', [...table.actors].sort().join('; ')],
  ];
}

function lossesOf(table: ReportedTable): Html {
  const plan = firstPlan(table);
  const columns = (plan?.columns ?? []).filter((column) => column.loss !== 'lossless' || column.excluded);
  const words = plan?.acknowledgements ?? [];
  if (columns.length === 0 && words.length === 0)
    return html`<p>No column loses anything; nobody had to acknowledge anything.</p>`;
  return html`<h3>Losses, exclusions and what was acknowledged</h3><ul>${columns.map(
    (column) =>
      html`<li>${column.source.name}: ${column.excluded ? 'left out' : column.loss}${column.lossReason === '' ? '' : `, ${column.lossReason}`}</li>`,
  )}${words.map((word) => html`<li>acknowledged: ${word}</li>`)}</ul>`;
}

function exceptionsOf(table: ReportedTable): Html {
  if (table.exceptions.length === 0)
    return html`<p>Every chunk was proven at its first attempt, or waits its turn.</p>`;
  const rows = [...table.exceptions].sort((a, b) => a.chunk - b.chunk);
  return html`<h3>Chunks with a story</h3><div class="scroll"><table><thead><tr><th class="n">chunk</th><th>stage</th><th class="n">rows</th><th>what happened</th></tr></thead><tbody>${rows.map(
    (each) =>
      html`<tr><td class="n">${each.chunk}</td><td class="t ${each.trouble === null ? 'good' : 'bad'}">${each.stage}</td><td class="n">${each.rows === null ? '' : count(each.rows)}</td><td class="long">${storyOf(each)}</td></tr>`,
  )}</tbody></table></div>${table.moreExceptions > 0 ? html`<p>${count(table.moreExceptions)} more are in the JSON.</p>` : null}`;
}

function storyOf(chunk: ReportedChunk): string {
  const repairs = chunk.repairs.map(
    (each) =>
      `attempt ${each.attempt} on ${time(each.at)} because of ${each.cause}${each.reason === each.cause ? '' : ` (${each.reason})`}`,
  );
  return [...repairs, ...(chunk.trouble === null ? [] : [chunk.trouble])].join('; ');
}

function notMovedSection(collected: ReportCollector): Html {
  const record = collected.records.find((each) => each.path === 'not-moved');
  const body = record?.body as { notMoved?: { kind?: string; name?: string; detail?: string }[] } | null | undefined;
  const entries = body?.notMoved ?? [];
  if (entries.length === 0)
    return html`<h2>What was not moved</h2><p>${record === undefined ? 'Nobody wrote it down yet.' : 'Nothing that the catalogue shows.'}</p>`;
  return html`<h2>What was not moved</h2><details><summary>${counted(entries.length, 'object')} of the source that no haul carries</summary><div><div class="scroll"><table><thead><tr><th>kind</th><th>name</th><th>detail</th></tr></thead><tbody>${entries.map(
    (each) =>
      html`<tr><td>${each.kind ?? ''}</td><td class="long">${each.name ?? ''}</td><td class="long">${each.detail ?? ''}</td></tr>`,
  )}</tbody></table></div></div></details>`;
}

function recordsSection(collected: ReportCollector): Html {
  const records = collected.records.filter((each) => each.path !== 'not-moved');
  if (records.length === 0) return html`<h2>What people and watchers wrote down</h2><p>Nothing.</p>`;
  return html`<h2>What people and watchers wrote down</h2><details><summary>${counted(records.length, 'record')}: settings, acceptances, observations</summary><div><div class="scroll"><table><thead><tr><th>record</th><th>when</th><th>by</th><th>what</th></tr></thead><tbody>${records.map(
    (each) =>
      html`<tr><td class="long">${each.path}</td><td class="t">${time(each.at)}</td><td>${each.by}</td><td class="long"><code>${JSON.stringify(each.body).slice(0, 1_000)}</code></td></tr>`,
  )}</tbody></table></div></div></details>`;
}

function sealsSection(audit: AuditResult): Html {
  if (audit.seals.length === 0)
    return html`<h2>Ledger seals</h2><p>The ledger was never sealed: nothing shows that it is unchanged.</p>`;
  return html`<h2>Ledger seals</h2><p>Each signs a Merkle root over all that was new. Compare the last one with the anchors that were kept outside the bucket.</p>${anchorsOf(audit)}<div class="scroll"><table><thead><tr><th class="n">seal</th><th>as of</th><th class="n">objects</th><th>root, and SHA-256 of the seal</th></tr></thead><tbody>${audit.seals
    .slice(-48)
    .map(
      (seal) =>
        html`<tr><td class="n">${seal.number}</td><td class="t">${time(seal.observedAt)}</td><td class="n">${count(seal.cumulativeLeaves)}</td><td class="long"><code>${seal.root}</code><br><code>${seal.digest}</code></td></tr>`,
    )}</tbody></table></div>`;
}

function anchorsOf({ anchors }: AuditResult): Html {
  const rebuilt = anchors.rebuilt.map(
    (each) =>
      html`<li>Anchors of seals ${each.fromSeal} to ${each.toSeal} (${count(each.seals)}) were lost and made from the bucket by ${each.who} on ${time(each.at)}: ${each.reason}</li>`,
  );
  return html`<p>Anchors are continuous ${anchoredText(anchors.continuousFrom)}.</p>${rebuilt.length === 0 ? null : html`<ul>${rebuilt}</ul>`}`;
}

function findingsSection(audit: AuditResult): Html {
  const notes = Object.keys(audit.notes) as NoteCode[];
  const noted = notes.map((code) => html`<li>${count(audit.notes[code] ?? 0)} ${NOTES[code]}</li>`);
  const told = notes.length === 0 ? null : html`<h2>Notes of the audit</h2><ul>${noted}</ul>`;
  if (audit.isClean) return told ?? html``;
  return html`<h2>Findings of the audit</h2><div class="scroll"><table><thead><tr><th>code</th><th>where</th><th>what, and what to do</th></tr></thead><tbody>${audit.findings
    .slice(0, 500)
    .map(
      (each) =>
        html`<tr><td class="bad">${each.code}</td><td class="long"><code>${each.key}</code></td><td class="long">${FINDINGS[each.code]}: ${each.what}<br><span class="soft">next: ${each.next}</span></td></tr>`,
    )}</tbody></table></div>${told}`;
}

function howToCheck(audit: AuditResult): Html {
  const keyIds = [...new Set(audit.seals.map((seal) => seal.keyId))];
  return html`<h2>How to check this yourself</h2><ol>
<li>Get a copy of the ledger: <code>lakehaul ledger export DIR</code>, or have it given to you.</li>
<li>Get the public key${keyIds.length === 0 ? '' : ` (${keyIds.join(', ')})`} and the anchors from somebody else than whoever gave you the copy.</li>
<li>Without credentials or network: <pre>lakehaul audit --offline DIR --public-key FILE --anchors FILE</pre></li>
<li>It reads every object again and ends with 0 only when all holds. <code>lakehaul report --offline DIR</code> writes this page from the same copy.</li></ol>
<p class="soft">What no seal covers, on purpose: rows of diffs (they hold values and expire; their digests are sealed) and probes of the store.</p>`;
}

function firstPlan(table: ReportedTable): TablePlan | undefined {
  return table.plans[0];
}

function nameOf(table: ReportedTable): string {
  const plan = firstPlan(table);
  return plan === undefined ? '' : `${plan.source.schema}.${plan.source.table}`;
}

function targetOf(table: ReportedTable): string {
  const plan = firstPlan(table);
  return plan === undefined ? '' : `${plan.target.catalog}.${plan.target.schema}.${plan.target.table}`;
}

function chunksOf(table: ReportedTable): number {
  return table.plans.reduce((sum, plan) => sum + plan.chunkCount, 0);
}

function levelsOf(table: ReportedTable): string {
  return [...table.levels].map(([level, chunks]) => `${level} (${count(chunks)})`).join(', ');
}

function stagesOf(table: ReportedTable): string {
  const waiting = chunksOf(table) - table.seen;
  return [...table.stages, ...(waiting > 0 ? [['planned', waiting] as const] : [])]
    .map(([stage, chunks]) => `${stage} ${count(chunks)}`)
    .join(', ');
}

function time(iso: string | null): string {
  return iso === null ? '' : iso.replace('T', ' ').replace(/\.\d+Z$|Z$/, '');
}
