import { eosTokenIds } from '../../chat/stop_tokens';
import { tokensOfClass } from '../../data/class_tokens';
import { loadTokenizer, type Tokenizer } from '../../data/tokenizer';
import type { SmallFacts } from './small_files';

/** The tokenizer of a checkpoint's small files. Throws the errors of `loadTokenizer`. */
export function tokenizerOf({ config, generationConfig, tokenizer, tokenizerConfig }: SmallFacts): Tokenizer {
  return loadTokenizer(tokenizer, tokenizerConfig, {
    tokens: tokensOfClass(tokenizerConfig, config),
    eosIds: [...eosTokenIds(generationConfig), ...eosTokenIds(config)],
  });
}
