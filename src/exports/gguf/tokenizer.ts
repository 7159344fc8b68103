import { eosTokenIds, stopTokens } from '../../chat/stop_tokens';
import { tokensOfClass } from '../../data/class_tokens';
import {
  chatTemplateSource,
  jinjaTemplate,
  type ChatTemplate,
  type TemplateSource,
} from '../../data/template';
import { loadTokenizer } from '../../data/tokenizer';
import { ggufTokenizerEntries, specialsAround } from '../../formats/gguf_tokenizer_writer';
import type { GgufEntry } from '../../formats/gguf_writer';
import type { ExportSource } from '../format';
import { ALPACA_JINJA } from './alpaca';

/** The tokenizer of a merged GGUF file, and what a Modelfile says of it. */
export interface GgufText {
  readonly entries: ReadonlyMap<string, GgufEntry>;
  readonly template: ChatTemplate;
  /** The text that llama.cpp puts before a prompt. */
  readonly bos: string;
  /** The tokens that end an answer, as text. */
  readonly stops: readonly string[];
}

/** Throws `gguf_tokenizer_unknown`. */
export function ggufText({ facts, run, layout }: ExportSource): GgufText {
  const { config, generationConfig, tokenizer: json, tokenizerConfig, templateFile } = facts;
  const tokenizer = loadTokenizer(json, tokenizerConfig, {
    tokens: tokensOfClass(tokenizerConfig, config),
    eosIds: [...eosTokenIds(generationConfig), ...eosTokenIds(config)],
  });
  const { specialTokens: special } = tokenizer;
  const own = chatTemplateSource(tokenizerConfig, templateFile);
  const source: TemplateSource = run?.settings.template === 'alpaca' ? ALPACA_JINJA : (own ?? ALPACA_JINJA);
  const template = jinjaTemplate(source, { specialTokens: special });
  const endIds = [...stopTokens({ config, generationConfig, tokenizer })];
  const around = specialsAround(facts);
  const { bos_token = '' } = special;
  // A chat begins as its template says. Only Alpaca's leaves that to the tokenizer.
  const addBos =
    bos_token !== '' && around.bos && (source === ALPACA_JINJA || beginsWith(template, bos_token));
  const entries = ggufTokenizerEntries({
    ...{ tokenizer: json, tokenizerConfig, special, endIds, template: source },
    ...{ addBos, addEos: special.eos_token !== undefined && around.eos },
    rows: layout.spec.vocabularySize,
  });
  const stops = [...new Set(endIds.map((id) => tokenizer.decode([id])))].filter((stop) => stop.trim() !== '');
  return { entries, template, bos: addBos ? bos_token : '', stops };
}

function beginsWith(template: ChatTemplate, bos: string): boolean {
  return template.render([{ role: 'user', content: 'x' }], true).startsWith(bos);
}
