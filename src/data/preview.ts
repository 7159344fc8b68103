import type { TokenizedExample } from './batches';
import type { Tokenizer } from './tokenizer';

export interface PreviewToken {
  /** Empty if the character continues in the next token; the last of its tokens has the whole character. */
  readonly text: string;
  readonly trained: boolean;
}

/** An example's tokens as text, with the targets marked. Joined, they are the decoded example. */
export function previewTokens({ ids, trained }: TokenizedExample, tokenizer: Tokenizer): PreviewToken[] {
  const decoder = tokenizer.stream();
  const tokens = Array.from(ids, (id, index) => ({ text: decoder.push(id), trained: trained[index] === 1 }));
  const rest = decoder.end();
  const last = tokens.at(-1);
  if (last && rest !== '') last.text += rest;
  return tokens;
}
