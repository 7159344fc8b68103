import { textsOf, type TokenizedExample } from './batches';

/** Numbers of tokens of examples, for plans. */
export interface ExampleSizes {
  readonly length: number;
  /** Tokens of an example. */
  tokens(index: number): number;
  /** Tokens before the cut at `max_seq_length`; undefined if nothing was cut. */
  whole(index: number): number | undefined;
}

/**
 * Examples in an order. A list knows the sizes of all; it makes the tokens of one when they are needed, so that a data
 * set may be larger than memory.
 */
export interface ExampleList extends ExampleSizes {
  /** Targets of an example. The first token of a text is never one, because nothing precedes it. */
  targets(index: number): number;
  at(index: number): Promise<TokenizedExample>;
}

/** A list of examples that are in memory. */
export function listOf(examples: readonly TokenizedExample[]): ExampleList {
  const get = (index: number): TokenizedExample => {
    const example = examples[index];
    if (example) return example;
    throw new RangeError(`there is no example ${index}`);
  };
  return {
    length: examples.length,
    tokens: (index) => get(index).ids.length,
    whole: (index) => get(index).whole,
    targets: (index) => targetsIn(get(index)),
    at: (index) => Promise.resolve(get(index)),
  };
}

/** Some examples of a list, by their indices, which may repeat. */
export function select(list: ExampleList, indices: ArrayLike<number>): ExampleList {
  const indexOf = (index: number): number => indices[index] ?? list.length;
  return {
    length: indices.length,
    tokens: (index) => list.tokens(indexOf(index)),
    whole: (index) => list.whole(indexOf(index)),
    targets: (index) => list.targets(indexOf(index)),
    at: (index) => list.at(indexOf(index)),
  };
}

/** Sizes with other numbers of tokens. */
export function resized(sizes: ExampleSizes, tokens: (index: number) => number): ExampleSizes {
  return { length: sizes.length, tokens, whole: (index) => sizes.whole(index) };
}

export async function* each(list: ExampleList): AsyncGenerator<TokenizedExample, void, void> {
  for (let index = 0; index < list.length; index++) yield await list.at(index);
}

export function targetsIn(example: TokenizedExample): number {
  let targets = 0;
  for (const [first, end] of textsOf(example)) {
    for (let token = first + 1; token < end; token++) targets += example.trained[token] ?? 0;
  }
  return targets;
}

export function tokenCount(list: ExampleSizes): number {
  return sumOver(list, (index) => list.tokens(index));
}

/** Counts the tokens that were cut off. */
export function cutTokens(list: ExampleSizes): number {
  return sumOver(list, (index) => (list.whole(index) ?? list.tokens(index)) - list.tokens(index));
}

/** Counts targets. */
export function targetCount(list: ExampleList): number {
  return sumOver(list, (index) => list.targets(index));
}

/** Tokens of the longest example; 0 if there is none. */
export function longestOf(list: ExampleSizes): number {
  let longest = 0;
  for (let index = 0; index < list.length; index++) longest = Math.max(longest, list.tokens(index));
  return longest;
}

function sumOver(list: { readonly length: number }, count: (index: number) => number): number {
  let sum = 0;
  for (let index = 0; index < list.length; index++) sum += count(index);
  return sum;
}
