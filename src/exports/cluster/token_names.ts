import { isRecord } from '../../core/json';

/** A tokenizer of the same family has the same first tokens, so that some of the middle and the end are compared too. */
const MOST_TOKENS = 24;

/**
 * Names of some tokens by their ids, as tokenizer.json has them: enough to tell another tokenizer from this one.
 *
 * @param ids the tokens of an example
 */
export function tokenNames(tokenizer: unknown, ids: ArrayLike<number>): Readonly<Record<string, string>> {
  const names = namesOf(tokenizer);
  const wanted = [...new Set(Array.from(ids))].sort((a, b) => b - a);
  const step = Math.max(1, Math.ceil(wanted.length / MOST_TOKENS));
  const chosen = wanted.filter((_, at) => at % step === 0);
  return Object.fromEntries(
    chosen.flatMap((id) => {
      const name = names.get(id);
      return name === undefined ? [] : [[String(id), name]];
    }),
  );
}

function namesOf(tokenizer: unknown): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  if (!isRecord(tokenizer)) return names;
  const { model, added_tokens } = tokenizer;
  const vocabulary = isRecord(model) && isRecord(model.vocab) ? model.vocab : {};
  for (const [name, id] of Object.entries(vocabulary)) if (typeof id === 'number') names.set(id, name);
  for (const token of Array.isArray(added_tokens) ? (added_tokens as unknown[]) : []) {
    if (isRecord(token) && typeof token.id === 'number' && typeof token.content === 'string') {
      names.set(token.id, token.content);
    }
  }
  return names;
}
