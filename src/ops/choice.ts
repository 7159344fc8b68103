import type { Choice, Chooser } from '../gpu/choices';

export type { Choice, Chooser } from '../gpu/choices';

/** The algorithm for a choice: what was measured on the device, where something was, else the default. */
export function choose(chooser: Chooser | undefined, choice: Choice): string {
  const [sound] = choice.candidates;
  if (sound === undefined) throw new Error(`${choice.op} has no kernel for ${choice.shape}`);
  const chosen = chooser?.(choice) ?? sound;
  return choice.candidates.includes(chosen) ? chosen : sound;
}
