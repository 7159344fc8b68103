/** Characters that an excerpt shows, and those of them before the place of interest. */
const LENGTH = 120;
const BEFORE = 30;

/** The beginning of a text. */
export function excerpt(text: string): string {
  return cut(text, 0, LENGTH);
}

/** The parts of two texts around the first place where they differ. */
export function excerpts(before: string, after: string): { readonly before: string; readonly after: string } {
  let at = 0;
  while (at < before.length && at < after.length && before[at] === after[at]) at++;
  const from = Math.max(0, at - BEFORE);
  return { before: cut(before, from, from + LENGTH), after: cut(after, from, from + LENGTH) };
}

/** A part of a text, with an ellipsis where something is left out. Cuts no character in two. */
function cut(text: string, from: number, to: number): string {
  const start = isLow(text, from) ? from - 1 : from;
  const end = isLow(text, to) ? to - 1 : to;
  return `${start > 0 ? '…' : ''}${text.slice(start, end)}${end < text.length ? '…' : ''}`;
}

/** Whether the second half of a character stands at a place. */
function isLow(text: string, at: number): boolean {
  return /[\uDC00-\uDFFF]/.test(text[at] ?? '');
}
