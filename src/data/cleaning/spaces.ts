/**
 * A text with `\n` for every line break, without white space at the ends of its lines, without empty lines around it, and
 * with at most one in a row within it. Spaces before words and between them may be code and stay; those before the first
 * word go, unless they are an indentation and another line has one too.
 */
export function cleanSpaces(text: string): string {
  // A regular expression for the ends of lines would take time that grows with the square of a row of spaces.
  const lines = text.split(/\r\n?|[\n\u0085\u2028\u2029]/).map((line) => line.trimEnd());
  const [first = '', ...others] = lines.slice(lines.findIndex((line) => line !== ''));
  const isBlock = /^(?:\t|\s{2})/.test(first) && others.some((line) => /^\s/.test(line));
  const begin = isBlock ? first : first.trimStart();
  return [begin, ...others]
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trimEnd();
}
