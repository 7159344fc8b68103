/** Facts about a row that a person may look for. */
export const ROW_FLAGS = [
  /** It can't be used. */
  'refused',
  /** It waits for the person to accept it or to throw it away. */
  'proposed',
  /** The person left it out. */
  'excluded',
  /** It is held out for evaluation. */
  'heldOut',
  /** It has the content of a held-out row, so training leaves it out. */
  'leaked',
  /** The numbers of examples and the mixture leave it out of a pass. */
  'undrawn',
  /** Some of its tokens are cut off. */
  'cut',
  /** The person changed it. */
  'edited',
  /** It is in no file of examples: the person added it. */
  'added',
  /** A model or a program wrote it. */
  'generated',
  /** A step of the cleaning drops it. */
  'dropped',
  /** It compares two answers, and is kept but not learnt. */
  'compared',
  /** It says whether an answer is good, and is kept but not learnt. */
  'judged',
  /** Its loss, or that of an answer in it, has a weight other than 1. */
  'weighted',
] as const;

export type RowFlag = (typeof ROW_FLAGS)[number];

/** The bit of a flag in a number that holds several. */
export function bitOf(flag: RowFlag): number {
  return 1 << ROW_FLAGS.indexOf(flag);
}

export function hasFlag(bits: number, flag: RowFlag): boolean {
  return (bits & bitOf(flag)) !== 0;
}

/** The flags that a number holds. */
export function flagsIn(bits: number): readonly RowFlag[] {
  return ROW_FLAGS.filter((flag) => hasFlag(bits, flag));
}
