import type { Problem } from '../../worker/protocol';

/** Similar problems of one file; `reason` is that of the first. */
export interface ProblemGroup {
  readonly file: string;
  readonly reason: Problem['reason'];
  readonly problems: readonly Problem[];
}

/**
 * Groups problems by file and reason, the most frequent first. Reasons that differ only in a number count as the same.
 */
export function groupProblems(problems: readonly Problem[]): readonly ProblemGroup[] {
  const groups = new Map<string, Problem[]>();
  for (const problem of problems) {
    const { file, code, reason } = problem;
    const key = JSON.stringify([file, code, reason]).replaceAll(/\d+/g, '0');
    const group = groups.get(key);
    if (group) group.push(problem);
    else groups.set(key, [problem]);
  }
  return Array.from(groups.values(), (same) => ({
    file: same[0]!.file,
    reason: same[0]!.reason,
    problems: same,
  })).sort((a, b) => b.problems.length - a.problems.length);
}
