import type { Problem } from './records';

/** Where a problem is. Numbers count from 1. */
export type ProblemPlace = Pick<Problem, 'record' | 'line' | 'column'>;

/** Problems of one file that are alike: told once, with their number. */
export interface ProblemGroup extends Pick<Problem, 'file' | 'code'> {
  /** That of the first of them. */
  readonly reason: Problem['reason'];
  readonly count: number;
  /** Of the first of them. */
  readonly places: readonly ProblemPlace[];
}

/** Places that a group remembers. */
const PLACES = 3;
/** Groups of one data file with different reasons; further problems are grouped by their code alone. */
const REASONS = 200;

interface GrowingGroup extends ProblemGroup {
  count: number;
  readonly places: ProblemPlace[];
}

/** Groups problems as they come, so that any number of them takes little memory. */
export class Problems {
  readonly #groups = new Map<string, GrowingGroup>();

  /** Reasons that differ only in a number count as the same. */
  add(problem: Problem): void {
    const { file, code, reason, record, line, column } = problem;
    const exact = JSON.stringify([file, code, reason]).replaceAll(/\d+/g, '0');
    const key = this.#groups.has(exact) || this.#groups.size < REASONS ? exact : JSON.stringify([file, code]);
    let group = this.#groups.get(key);
    if (!group) {
      group = { file, code, reason, count: 0, places: [] };
      this.#groups.set(key, group);
    }
    group.count++;
    if (group.places.length < PLACES) group.places.push({ record, line, column });
  }

  /** The most frequent first. */
  get groups(): readonly ProblemGroup[] {
    return [...this.#groups.values()].sort((a, b) => b.count - a.count);
  }
}
