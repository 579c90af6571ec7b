/** How far something is, stage by stage, strongest claim first. */
import { count, percent } from '../format.ts';
import type { Stage } from '../shapes.ts';
import { BAR_ORDER, STAGE_LOOKS } from '../stage-look.ts';

export function StageBar({ stages, chunks }: { stages: Readonly<Partial<Record<Stage, number>>>; chunks: number }) {
  const parts = BAR_ORDER.map((stage) => ({ stage, chunks: stages[stage] ?? 0 })).filter((part) => part.chunks > 0);
  const words = parts.map((part) => `${count(part.chunks)} ${STAGE_LOOKS[part.stage].word}`).join(', ');
  return (
    <div class="stage-bar" role="img" aria-label={words === '' ? 'no chunks' : words} title={words}>
      {parts.map((part) => (
        <span key={part.stage} class={`fill ${part.stage}`} style={{ flexGrow: part.chunks / chunks }} />
      ))}
    </div>
  );
}

export function StageTag({ stage }: { stage: Stage }) {
  return (
    <span class="stage-tag" title={STAGE_LOOKS[stage].what}>
      <span class={`swatch ${stage}`} aria-hidden="true" />
      {STAGE_LOOKS[stage].word}
    </span>
  );
}

export function Share({ part, of }: { part: number; of: number }) {
  return <span class="number">{percent(part, of)}</span>;
}
