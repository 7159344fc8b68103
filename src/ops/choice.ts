/** A place where an op has several kernels for the same result: which is fastest depends on the device. */
export interface Choice {
  /** The op or the product that is asked for: 'matmul', 'matmul_transposed', 'attention'. */
  readonly op: string;
  /** What the answer depends on beside the device: sizes, formats, a class of row counts. */
  readonly shape: string;
  /** Names of the algorithms that this device can run; the first is a sound default. */
  readonly candidates: readonly string[];
}

/** Which algorithm to take. What it answers is one of the candidates. */
export type Chooser = (choice: Choice) => string;

/** The algorithm for a choice: what was measured on the device, where something was, else the default. */
export function choose(chooser: Chooser | undefined, choice: Choice): string {
  const [sound] = choice.candidates;
  if (sound === undefined) throw new Error(`${choice.op} has no kernel for ${choice.shape}`);
  const chosen = chooser?.(choice) ?? sound;
  return choice.candidates.includes(chosen) ? chosen : sound;
}
