/**
 * A few cut examples are usual in a large set. Above this share, the training differs clearly from the written
 * examples.
 */
const MANY = 0.03;

/** Whether enough examples are cut that the person should act. */
export function areManyCut(cut: number, examples: number): boolean {
  return cut > MANY * examples;
}
