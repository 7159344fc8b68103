/**
 * A text in which everything that cleaning changes can be seen: line breaks, tabs, spaces at the ends of lines and runs of
 * them, and characters without a form.
 */
export function visible(text: string): string {
  return text
    .replaceAll(/ {2,}|^ +| +$/gm, (spaces) => '·'.repeat(spaces.length))
    .replaceAll(/[\p{Cc}\p{Cf}\u00a0\u3000]/gu, (character) => {
      if (character === '\n') return '↵\n';
      if (character === '\t') return '⇥';
      return `⟨${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}⟩`;
    });
}
