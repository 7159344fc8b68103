import { isRecord } from '../../core/json';
import { message } from '../../core/messages/message';
import { isTokenId, UnusableComponent } from './fields';
import { withKnownCategories } from './unicode';

/** A token that is searched for in the text before the tokenizer's model splits the rest. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Whether it is searched for in the normalised text instead of the given text. */
  readonly normalized: boolean;
  /** Whether it includes the white space before it. */
  readonly lstrip: boolean;
  /** Whether it includes the white space after it. */
  readonly rstrip: boolean;
  /** Whether it must not be part of a longer word. */
  readonly single_word: boolean;
  readonly special: boolean;
}

/** Reads an entry of `added_tokens`, or of `added_tokens_decoder`, whose key is the id. */
export function readAddedToken(value: unknown, id?: number): AddedToken {
  const known = isRecord(value) ? value : {};
  const { content, special } = known;
  const number = id ?? known.id;
  if (typeof content !== 'string' || !isTokenId(number)) {
    throw new UnusableComponent(
      message('tokenizer_added', { value: JSON.stringify(value ?? null).slice(0, 80) }),
    );
  }
  return {
    id: number,
    content,
    normalized: known.normalized === undefined ? special !== true : known.normalized === true,
    lstrip: known.lstrip === true,
    rstrip: known.rstrip === true,
    single_word: known.single_word === true,
    special: special === true,
  };
}

/** A part of a text: one added token, or the text between two. */
export type Section = { readonly token: AddedToken } | { readonly text: string; readonly begin: number };

interface Node {
  readonly next: Map<number, Node>;
  token?: AddedToken;
}

/**
 * @param contentOf the text of a token to search for
 * @returns a function that finds the tokens in a text from left to right, at each place the longest one
 */
export function addedTokenSplitter(
  tokens: readonly AddedToken[],
  contentOf: (token: AddedToken) => string,
): (text: string) => readonly Section[] {
  const root: Node = { next: new Map() };
  for (const token of tokens) {
    let node = root;
    const content = contentOf(token);
    for (let i = 0; i < content.length; i++) {
      const unit = content.charCodeAt(i);
      let next = node.next.get(unit);
      if (!next) node.next.set(unit, (next = { next: new Map() }));
      node = next;
    }
    if (content !== '') node.token ??= token;
  }

  return (text) => {
    const sections: Section[] = [];
    let done = 0;
    for (let at = 0; at < text.length;) {
      const found = longestAt(root, text, at);
      if (!found) {
        at++;
        continue;
      }
      const { token, end } = found;
      if (!token.single_word || !touchesWord(text, at, end)) {
        const begin = token.lstrip ? Math.max(done, trimmedEnd(text, at)) : at;
        const stop = token.rstrip ? trimmedStart(text, end) : end;
        if (done < begin) sections.push({ text: text.slice(done, begin), begin: done });
        sections.push({ token });
        done = stop;
      }
      at = Math.max(end, done);
    }
    if (done < text.length) sections.push({ text: text.slice(done), begin: done });
    return sections;
  };
}

const WORD = '[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}]';
const WORD_START = new RegExp(`^${WORD}`, 'u');
const WORD_END = new RegExp(`${WORD}$`, 'u');

function touchesWord(text: string, begin: number, end: number): boolean {
  const before = withKnownCategories(text.slice(Math.max(0, begin - 2), begin));
  return WORD_END.test(before) || WORD_START.test(withKnownCategories(text.slice(end, end + 2)));
}

const SPACE = /\p{White_Space}/u;

function longestAt(root: Node, text: string, at: number): { token: AddedToken; end: number } | undefined {
  let longest: { token: AddedToken; end: number } | undefined;
  let node: Node | undefined = root;
  for (let i = at; i < text.length; i++) {
    node = node.next.get(text.charCodeAt(i));
    if (!node) break;
    if (node.token) longest = { token: node.token, end: i + 1 };
  }
  return longest;
}

function trimmedEnd(text: string, end: number): number {
  let at = end;
  while (at > 0 && SPACE.test(text[at - 1] ?? '')) at--;
  return at;
}

function trimmedStart(text: string, begin: number): number {
  let at = begin;
  while (at < text.length && SPACE.test(text[at] ?? '')) at++;
  return at;
}
