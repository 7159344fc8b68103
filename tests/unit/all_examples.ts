import type { TokenizedExample } from '../../src/data/batches';
import { each, type ExampleList } from '../../src/data/example_list';

/** The examples of a list. */
export async function allExamples(list: ExampleList): Promise<TokenizedExample[]> {
  const examples: TokenizedExample[] = [];
  for await (const example of each(list)) examples.push(example);
  return examples;
}
