/** A few cut examples are usual in a large set; from this share on, the set is trained on otherwise than it was written. */
const MANY = 0.03;

/** Whether so many examples are cut that a person should act. */
export function areManyCut(cut: number, examples: number): boolean {
  return cut > MANY * examples;
}
