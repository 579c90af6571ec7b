/** How far the anchors reach back: the same words in `audit` and in the report. */
export function anchoredText(continuousFrom: number | null): string {
  return continuousFrom === null ? 'from no seal on' : `from seal ${continuousFrom} on`;
}
