/** A text without its blocks of code, which are in no language and repeat themselves. */
export function withoutCode(text: string): string {
  return text.replaceAll(/```[^]*?(?:```|$)/g, ' ');
}
