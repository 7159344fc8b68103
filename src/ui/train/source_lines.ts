/** The colours and dashes of the curves of single files: they differ in both, for eyes that do not see all colours. */
const SOURCE_LINES = [
  { color: 'part-3', dash: [2, 3] },
  { color: 'part-4', dash: [10, 3] },
  { color: 'part-8', dash: [8, 3, 2, 3] },
  { color: 'part-5', dash: [1, 5] },
  { color: 'part-10', dash: [14, 4, 2, 4, 2, 4] },
] as const;

/** The line of a file, by its place among those with a curve. */
export function sourceLine(place: number): (typeof SOURCE_LINES)[number] {
  return SOURCE_LINES[place % SOURCE_LINES.length] ?? SOURCE_LINES[0];
}
