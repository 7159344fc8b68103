import type { PreviewExample } from '../../worker/protocol';

/** Joins neighbouring tokens of the same kind, so that screen readers read one mark instead of many. */
export function stretchesOf(tokens: PreviewExample['tokens']): { text: string; trained: boolean }[] {
  const found: { text: string; trained: boolean }[] = [];
  for (const token of tokens) {
    const open = found.at(-1);
    if (open?.trained === token.trained) open.text += token.text;
    else found.push({ ...token });
  }
  return found;
}
