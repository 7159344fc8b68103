/** The line `sep=;` that Excel understands at the beginning of a file. */
const HINT = /^sep=(.)\r?\n/i;
/** The usual characters between cells. */
export const DELIMITERS = [',', ';', '\t', '|'];
/** Letters and lines by which the delimiter is found. */
const SHOWN = 2 ** 16;
const SHOWN_LINES = 20;

/** The text of a table without Excel's hint at its delimiter. */
export function withoutHint(text: string): string {
  return text.replace(HINT, '');
}

/**
 * The delimiter of a table: the one that Excel's hint names; otherwise the one that divides most of the first lines into
 * as many cells as the very first; of several, the one with the most cells.
 *
 * @param text the beginning of the table
 */
export function delimiterOf(text: string): string {
  const told = HINT.exec(text)?.[1];
  if (told !== undefined) return told;
  const lines = text
    .slice(0, SHOWN)
    .replaceAll(/"[^"]*"?/g, '')
    .split(/[\r\n]+/)
    .filter((line) => line !== '')
    .slice(0, SHOWN_LINES);
  const scores = DELIMITERS.map((delimiter) => {
    const [first = 1, ...others] = lines.map((line) => line.split(delimiter).length);
    if (first === 1) return 0;
    const alike = others.filter((cells) => cells === first).length / Math.max(1, others.length);
    return (others.length === 0 ? 1 : alike) + first / 10_000;
  });
  return DELIMITERS[scores.indexOf(Math.max(...scores))] ?? ',';
}

/** Longest name of a column, in UTF-16 units. */
const LONGEST_NAME = 60;

/** Whether the cells of a table's first row may be the names of its columns: no numbers, no sentences, nothing long. */
export function isHeader(cells: readonly string[]): boolean {
  return !cells.some(
    (cell) =>
      cell.length > LONGEST_NAME ||
      /[\r\n]|[.!?。！？…]\s*$/.test(cell) ||
      /^\s*[-+]?[\d.,]*\d\s*%?$/.test(cell),
  );
}
