/** A place where an op has several kernels for the same result: which is fastest depends on the device. */
export interface Choice {
  /** The op or the product that is asked for: 'matmul', 'matmul_transposed', 'attention'. */
  readonly op: string;
  /** What the answer depends on beside the device: sizes, formats, a class of row counts. */
  readonly shape: string;
  /** Names of the algorithms that this device can run; the first is a sound default. */
  readonly candidates: readonly string[];
  /** The plainest candidate, whose results the others are held to; the first where it is omitted. */
  readonly plain?: string;
}

/** Which algorithm to take. What it answers is one of the candidates. */
export type Chooser = (choice: Choice) => string;

/** Tells choices apart, whatever their candidates are. */
export function choiceKey({ op, shape }: Pick<Choice, 'op' | 'shape'>): string {
  return `${op} ${shape}`;
}

/** What was found out by measuring. */
export interface Answer {
  /** Those that were compared: with another one among them the answer is out of date. */
  readonly candidates: readonly string[];
  readonly chosen: string;
}

/** What is known of a device's choices, by key. */
export interface KnownChoices {
  readonly answers: Readonly<Record<string, Answer>>;
  /** Candidates that this device does not take: it was lost, reported an error, or computed something else with them. */
  readonly refused: Readonly<Record<string, readonly string[]>>;
}

/** Answers the choices of one device: all plans that are made for it agree. */
export class Choices {
  readonly #answers = new Map<string, Answer>();
  readonly #refused = new Map<string, ReadonlySet<string>>();
  #pinned: Readonly<Record<string, string>> = {};

  /** The pinned answer, else the measured one, else the first candidate. */
  readonly choose: Chooser = (choice) => {
    const candidates = this.usable(choice);
    const key = choiceKey(choice);
    const answers = [this.#pinned[key], this.#answers.get(key)?.chosen];
    const known = answers.find((name) => name !== undefined && candidates.includes(name));
    return known ?? candidates[0] ?? choice.candidates[0] ?? '';
  };

  /** Whether measuring could tell anything new. */
  isOpen(choice: Choice): boolean {
    const candidates = this.usable(choice);
    const key = choiceKey(choice);
    if (candidates.length < 2 || this.#pinned[key] !== undefined) return false;
    const answer = this.#answers.get(key);
    return !answer || !candidates.every((name) => answer.candidates.includes(name));
  }

  /** The candidates that the device takes, as far as is known. */
  usable({ candidates, ...choice }: Choice): readonly string[] {
    const refused = this.#refused.get(choiceKey(choice));
    return refused ? candidates.filter((name) => !refused.has(name)) : candidates;
  }

  answer(choice: Choice, chosen: string): void {
    this.#answers.set(choiceKey(choice), { candidates: choice.candidates, chosen });
  }

  /** From now on the candidate is never chosen. */
  refuse(choice: Choice, candidate: string): void {
    const key = choiceKey(choice);
    this.#refused.set(key, new Set([...(this.#refused.get(key) ?? []), candidate]));
  }

  /**
   * Answers that hold whatever was or will be measured, in place of those pinned before: a run that goes on computes as
   * it did before only with the kernels that it had.
   */
  pin(answers: Readonly<Record<string, string>>): void {
    this.#pinned = answers;
  }

  get known(): KnownChoices {
    const refused = [...this.#refused].map(([key, names]) => [key, [...names]] as const);
    return { answers: Object.fromEntries(this.#answers), refused: Object.fromEntries(refused) };
  }

  /** Takes over what was found out about the same device before. */
  recall({ answers, refused }: KnownChoices): void {
    for (const [key, answer] of Object.entries(answers)) this.#answers.set(key, answer);
    for (const [key, names] of Object.entries(refused)) this.#refused.set(key, new Set(names));
  }
}
