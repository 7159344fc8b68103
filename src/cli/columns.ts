import stringWidth from 'string-width';

/** A text with spaces behind it, up to a width. Chinese characters take two columns of a terminal. */
export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - stringWidth(text)));
}

/** Lines of two columns: a name, and what it is. */
export function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const width = Math.max(0, ...rows.map(([first = '']) => stringWidth(first)));
  return rows.map(([first = '', second = '']) => `${padded(first, width)}  ${second}`);
}
