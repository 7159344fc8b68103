import stringWidth from 'string-width';

/** Pads a text with spaces to a width. Chinese characters take two columns of a terminal. */
export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - stringWidth(text)));
}

/** Lines with two columns: a name and its description. */
export function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const width = Math.max(0, ...rows.map(([first = '']) => stringWidth(first)));
  return rows.map(([first = '', second = '']) => `${padded(first, width)}  ${second}`);
}
