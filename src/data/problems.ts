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
/** Groups of one kind with different texts in their reasons; all further problems of the kind are one group. */
const REASONS = 5;

interface GrowingGroup extends ProblemGroup {
  count: number;
  readonly places: ProblemPlace[];
}

/** Groups problems as they come, so that any number of them takes little memory. */
export class Problems {
  readonly #groups = new Map<string, GrowingGroup>();
  /** Groups of each kind. */
  readonly #kinds = new Map<string, number>();

  /** Reasons that differ only in a number count as the same. */
  add(problem: Problem): void {
    const { file, code, reason, record, line, column } = problem;
    const exact = JSON.stringify([file, code, reason]).replaceAll(/\d+/g, '0');
    const kind = JSON.stringify([file, code, kindOf(reason)]);
    const ofKind = this.#kinds.get(kind) ?? 0;
    const key = this.#groups.has(exact) || ofKind < REASONS ? exact : kind;
    let group = this.#groups.get(key);
    if (!group) {
      group = { file, code, reason, count: 0, places: [] };
      this.#groups.set(key, group);
      this.#kinds.set(kind, ofKind + 1);
    }
    group.count++;
    if (group.places.length < PLACES) group.places.push({ record, line, column });
  }

  /** The most frequent first. */
  get groups(): readonly ProblemGroup[] {
    return [...this.#groups.values()].sort((a, b) => b.count - a.count);
  }
}

/** The codes in a reason, without the texts and numbers that it names. */
function kindOf(reason: Problem['reason']): string {
  return JSON.stringify(reason, (key, value: unknown) => {
    if (key === 'code' || (typeof value === 'object' && !Array.isArray(value))) return value;
    return null;
  });
}
