/** A line of a chart. */
export interface Line {
  readonly label: string;
  /** One value for each place of the drawing. */
  readonly values: readonly (number | null)[];
  /** The name of a colour in the style sheet. */
  readonly color: string;
  readonly width: number;
  readonly dash?: readonly number[];
  /** The size of the points; absent for none. */
  readonly points?: number;
}

export interface Drawing {
  /** The places from left to right, increasing. */
  readonly x: readonly number[];
  readonly lines: readonly Line[];
}

/** Lines with places of their own, over each other. */
export function overlaid(drawings: readonly Drawing[]): Drawing {
  const x = [...new Set(drawings.flatMap((each) => each.x))].sort((a, b) => a - b);
  const lines = drawings.flatMap((each) => {
    const index = new Map(each.x.map((place, i) => [place, i]));
    return each.lines.map((line) => ({
      ...line,
      values: x.map((place) => line.values[index.get(place) ?? -1] ?? null),
    }));
  });
  return { x, lines };
}

/** The value of each line at a place, or at its nearest one between the line's ends; lines without one are left out. */
export function valuesAt(
  { x, lines }: Drawing,
  index: number,
): readonly { readonly line: Line; readonly value: number }[] {
  return lines.flatMap((line) => {
    const at = nearest(x, line.values, index);
    const value = at === undefined ? undefined : line.values[at];
    return value === undefined || value === null ? [] : [{ line, value }];
  });
}

function nearest(
  x: readonly number[],
  values: readonly (number | null)[],
  index: number,
): number | undefined {
  const has = (i: number): boolean => (values[i] ?? null) !== null;
  let before = index;
  let after = index;
  while (before >= 0 && !has(before)) before--;
  while (after < values.length && !has(after)) after++;
  if (before < 0 || after >= values.length) return undefined;
  const place = x[index] ?? 0;
  return place - (x[before] ?? 0) <= (x[after] ?? 0) - place ? before : after;
}
