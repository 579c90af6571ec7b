export interface ConfigProblem {
  path: string;
  line: number;
  column: number;
  message: string;
  next: string;
}

export function problemsText(problems: readonly ConfigProblem[]): string {
  const lines = problems.map(
    (problem) =>
      `  ${problem.line}:${problem.column}  ${problem.path}  ${problem.message}${problem.next === '' ? '' : ` · ${problem.next}`}`,
  );
  return [`${problems.length} ${problems.length === 1 ? 'mistake' : 'mistakes'}`, ...lines].join('\n');
}
