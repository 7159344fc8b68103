/** An op's choice between several kernels for the same result. Which is fastest depends on the device. */
export interface Choice {
  /** The op or the product: 'matmul', 'matmul_transposed', 'attention'. */
  readonly op: string;
  /** All properties except the device that affect the speed: sizes, formats, a class of row counts. */
  readonly shape: string;
  /** Names of the algorithms that this device can run; the first is a sound default. */
  readonly candidates: readonly string[];
  /** The plainest candidate, whose results the others must match. Default: the first. */
  readonly plain?: string;
}

/** Returns the algorithm to use: one of the candidates. */
export type Chooser = (choice: Choice) => string;

/** Identifies a choice, independent of its candidates. */
export function choiceKey({ op, shape }: Pick<Choice, 'op' | 'shape'>): string {
  return `${op} ${shape}`;
}

/** The result of a measurement. */
export interface TunedChoice {
  /** The candidates that were compared. A new candidate makes the result out of date. */
  readonly candidates: readonly string[];
  readonly chosen: string;
}

/** The measured choices of a device, by key. */
export interface KnownChoices {
  readonly tuned: Readonly<Record<string, TunedChoice>>;
  /** Candidates to avoid on this device: with them it was lost, reported an error, or computed something else. */
  readonly refused: Readonly<Record<string, readonly string[]>>;
}

/** Makes the choices of one device, so that all plans for it agree. */
export class Choices {
  readonly #tuned = new Map<string, TunedChoice>();
  readonly #refused = new Map<string, ReadonlySet<string>>();
  #pinned: Readonly<Record<string, string>> = {};

  /** The pinned candidate, else the measured one, else the first candidate. */
  readonly choose: Chooser = (choice) => {
    const candidates = this.usable(choice);
    const key = choiceKey(choice);
    const names = [this.#pinned[key], this.#tuned.get(key)?.chosen];
    const known = names.find((name) => name !== undefined && candidates.includes(name));
    return known ?? candidates[0] ?? choice.candidates[0] ?? '';
  };

  /** Whether a measurement could add anything. */
  isOpen(choice: Choice): boolean {
    const candidates = this.usable(choice);
    const key = choiceKey(choice);
    if (candidates.length < 2 || this.#pinned[key] !== undefined) return false;
    const tuned = this.#tuned.get(key);
    return !tuned || !candidates.every((name) => tuned.candidates.includes(name));
  }

  /** The candidates that are not known to fail on this device. */
  usable({ candidates, ...choice }: Choice): readonly string[] {
    const refused = this.#refused.get(choiceKey(choice));
    return refused ? candidates.filter((name) => !refused.has(name)) : candidates;
  }

  /** Records the fastest candidate of a measurement. */
  record(choice: Choice, chosen: string): void {
    this.#tuned.set(choiceKey(choice), { candidates: choice.candidates, chosen });
  }

  /** Never chooses the candidate from now on. */
  refuse(choice: Choice, candidate: string): void {
    const key = choiceKey(choice);
    this.#refused.set(key, new Set([...(this.#refused.get(key) ?? []), candidate]));
  }

  /**
   * Pins choices by key, in place of those pinned before; no measurement changes them. A resumed run needs its former
   * kernels to compute the same bits.
   */
  pin(chosen: Readonly<Record<string, string>>): void {
    this.#pinned = chosen;
  }

  get known(): KnownChoices {
    const refused = [...this.#refused].map(([key, names]) => [key, [...names]] as const);
    return { tuned: Object.fromEntries(this.#tuned), refused: Object.fromEntries(refused) };
  }

  /** Takes over the choices that an earlier session measured on the same device. */
  recall({ tuned, refused }: KnownChoices): void {
    for (const [key, choice] of Object.entries(tuned)) this.#tuned.set(key, choice);
    for (const [key, names] of Object.entries(refused)) this.#refused.set(key, new Set(names));
  }
}
