/** The most tokens of an answer to a sample prompt. */
export const SAMPLE_TOKENS = 48;
/** How often a run answers its sample prompts after its first step. */
const SAMPLE_ROUNDS = 5;

/** The limits of a run's answers to its sample prompts. */
export interface SampleLimits {
  /** Number of prompts. */
  readonly of: number;
  /** Number of prompts that are answered, from the first one on. */
  readonly prompts: number;
  /** The most tokens of an answer. */
  readonly tokens: number;
  /** Number of rounds during the run, without the one before the first step. */
  readonly rounds: number;
}

/** How fast a device answers. */
export interface AnswerSpeed {
  /** Seconds to read one prompt. */
  readonly readSeconds: number;
  /** Seconds for one token of an answer. */
  readonly tokenSeconds: number;
}

/** Answers may take this share of the training time, or `FREE_SECONDS` if that is more. */
const SHARE = 0.25;
const FREE_SECONDS = 60;

/** The limits of a fast device: every prompt, with the longest answers and the most rounds. */
export function fullLimits(prompts: number): SampleLimits {
  return { of: prompts, prompts, tokens: SAMPLE_TOKENS, rounds: SAMPLE_ROUNDS };
}

/** Whether answers are fewer or shorter than on a fast device. */
export function areShortened({ of, prompts, tokens, rounds }: SampleLimits): boolean {
  return prompts < of || tokens < SAMPLE_TOKENS || rounds < SAMPLE_ROUNDS;
}

/** Longest duration of one round of answers in seconds. */
export function roundSeconds(
  { prompts, tokens }: SampleLimits,
  { readSeconds, tokenSeconds }: AnswerSpeed,
): number {
  return prompts * (readSeconds + tokens * tokenSeconds);
}

/**
 * The limits with which the answers take at most their share of a run's time: first fewer rounds, then shorter answers,
 * then fewer prompts. The minimum is one short answer before the training and one after it.
 *
 * @param trainSeconds expected duration of the training alone
 */
export function limitsFor(
  prompts: number,
  speed: AnswerSpeed,
  { steps, trainSeconds }: { readonly steps: number; readonly trainSeconds: number },
): SampleLimits {
  const allowed = Math.max(FREE_SECONDS, SHARE * trainSeconds);
  const full = fullLimits(prompts);
  const two = Math.min(prompts, 2);
  const choices: readonly SampleLimits[] = [
    full,
    { ...full, rounds: 3 },
    { ...full, rounds: 2 },
    { ...full, rounds: 2, tokens: 32 },
    { ...full, rounds: 1, tokens: 32 },
    { ...full, prompts: two, rounds: 1, tokens: 24 },
    { ...full, prompts: two, rounds: 1, tokens: 16 },
  ];
  const least = { ...full, prompts: Math.min(prompts, 1), rounds: 1, tokens: 16 };
  return (
    choices.find((limits) => answersAfter(limits, steps, -1) * roundSeconds(limits, speed) <= allowed) ??
    least
  );
}

/**
 * The numbers of completed steps after which the sample prompts are answered: evenly spaced, including the last step.
 */
export function sampleSteps(steps: number, rounds = SAMPLE_ROUNDS): ReadonlySet<number> {
  return new Set(Array.from({ length: rounds }, (_, i) => Math.ceil(((i + 1) * steps) / rounds)));
}

/** Number of rounds of answers that remain after `step` steps; -1 includes the one before the first step. */
export function answersAfter({ prompts, rounds }: SampleLimits, steps: number, step: number): number {
  if (prompts === 0) return 0;
  return [0, ...sampleSteps(steps, rounds)].filter((due) => due > step).length;
}
