/**
 * A text with `\n` for every line break, without white space at the ends of its lines, of itself, and with at most one
 * empty line in a row. Spaces within lines and before their words stay: they may be code.
 */
export function cleanSpaces(text: string): string {
  return text
    .replaceAll(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    .replaceAll(/[^\S\n]+$/gm, '')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
}
