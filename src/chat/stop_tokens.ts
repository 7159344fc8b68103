import { isRecord } from '../core/json';
import type { Tokenizer } from '../data/tokenizer';

/** Tokens that the templates of the supported families write after an answer. */
const ENDS_OF_TURN = ['<|im_end|>', '<|eot_id|>', '<|end|>', '</s>'];

export interface StopTokenSources {
  /** Parsed config.json. */
  readonly config: unknown;
  /** Parsed generation_config.json, if it exists. */
  readonly generationConfig?: unknown;
  readonly tokenizer: Pick<Tokenizer, 'eosId' | 'tokenId'>;
}

/**
 * The ids that end an answer: `eos_token_id` of generation_config.json and config.json (a number or a list), the
 * tokenizer's `eos_token`, and the ends of a turn that its vocabulary has. All of them, because published checkpoints
 * often name their template's token in only one file.
 */
export function stopTokens({ config, generationConfig, tokenizer }: StopTokenSources): ReadonlySet<number> {
  const named = ENDS_OF_TURN.map((token) => tokenizer.tokenId(token));
  const ids = [...eosTokenIds(generationConfig), ...eosTokenIds(config), tokenizer.eosId, ...named];
  return new Set(ids.filter((id) => id !== undefined));
}

/** `eos_token_id` of a config, or else of its `text_config`: none, one or several. */
export function eosTokenIds(config: unknown): readonly number[] {
  if (!isRecord(config)) return [];
  const { eos_token_id: own, text_config } = config;
  if (own === undefined || own === null) return text_config === undefined ? [] : eosTokenIds(text_config);
  const ids: unknown[] = Array.isArray(own) ? own : [own];
  return ids.filter((id) => typeof id === 'number');
}
