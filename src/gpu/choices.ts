/** A place where an op has several kernels for the same result: which is fastest depends on the device. */
export interface Choice {
  /** The op or the product that is asked for: 'matmul', 'matmul_transposed', 'attention'. */
  readonly op: string;
  /** Everything but the device that decides the answer: sizes, formats, a class of row counts. */
  readonly shape: string;
  /** Names of the algorithms that this device can run; the first is a sound default. */
  readonly candidates: readonly string[];
  /** The plainest candidate, whose results the others must match. Default: the first. */
  readonly plain?: string;
}

/** Answers which algorithm to take: one of the candidates. */
export type Chooser = (choice: Choice) => string;

/** Tells choices apart, whatever their candidates are. */
export function choiceKey({ op, shape }: Pick<Choice, 'op' | 'shape'>): string {
  return `${op} ${shape}`;
}

/** A measured answer. */
export interface Answer {
  /** The candidates that were compared. A new candidate makes the answer out of date. */
  readonly candidates: readonly string[];
  readonly chosen: string;
}

/** The measured answers of a device, by key. */
export interface KnownChoices {
  readonly answers: Readonly<Record<string, Answer>>;
  /** Candidates to avoid on this device: with them it was lost, reported an error, or computed something else. */
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

  /** Whether a measurement could add anything. */
  isOpen(choice: Choice): boolean {
    const candidates = this.usable(choice);
    const key = choiceKey(choice);
    if (candidates.length < 2 || this.#pinned[key] !== undefined) return false;
    const answer = this.#answers.get(key);
    return !answer || !candidates.every((name) => answer.candidates.includes(name));
  }

  /** The candidates that are not known to fail on this device. */
  usable({ candidates, ...choice }: Choice): readonly string[] {
    const refused = this.#refused.get(choiceKey(choice));
    return refused ? candidates.filter((name) => !refused.has(name)) : candidates;
  }

  answer(choice: Choice, chosen: string): void {
    this.#answers.set(choiceKey(choice), { candidates: choice.candidates, chosen });
  }

  /** Never chooses the candidate from now on. */
  refuse(choice: Choice, candidate: string): void {
    const key = choiceKey(choice);
    this.#refused.set(key, new Set([...(this.#refused.get(key) ?? []), candidate]));
  }

  /**
   * Pins answers, in place of those pinned before; no measurement changes them. A resumed run needs the kernels that it
   * had, to compute the same bits.
   */
  pin(answers: Readonly<Record<string, string>>): void {
    this.#pinned = answers;
  }

  get known(): KnownChoices {
    const refused = [...this.#refused].map(([key, names]) => [key, [...names]] as const);
    return { answers: Object.fromEntries(this.#answers), refused: Object.fromEntries(refused) };
  }

  /** Takes over the answers that an earlier session measured on the same device. */
  recall({ answers, refused }: KnownChoices): void {
    for (const [key, answer] of Object.entries(answers)) this.#answers.set(key, answer);
    for (const [key, names] of Object.entries(refused)) this.#refused.set(key, new Set(names));
  }
}
