import type { Status } from '../shapes.ts';

const WORDS = { GO: 'GO', HOLD: 'HOLD', NO_GO: 'NO GO' } as const;

export function Verdict({ verdict, large = false }: { verdict: Status['decision']['verdict']; large?: boolean }) {
  return (
    <span class={`verdict ${verdict.toLowerCase().replace('_', '-')} ${large ? 'large' : ''}`}>{WORDS[verdict]}</span>
  );
}
