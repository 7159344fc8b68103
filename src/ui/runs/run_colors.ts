/** The style sheet's colours of compared runs, in their order. */
const COLORS = ['part-1', 'part-2', 'part-3', 'part-4'] as const;

/** The colour of a run, by its index among the compared ones. */
export function runColor(index: number): (typeof COLORS)[number] {
  return COLORS[index % COLORS.length] ?? COLORS[0];
}
