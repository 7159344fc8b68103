import { stopTokens } from '../../chat/stop_tokens';
import { chatTemplateSource, EXAMPLES_DAY, jinjaTemplate, type ChatTemplate } from '../../data/template';
import { ggufTokenizerEntries, specialsAround } from '../../formats/gguf_tokenizer_writer';
import type { GgufEntry } from '../../formats/gguf_writer';
import { tokenizerOf } from '../card/tokenizer';
import type { ExportSource } from '../format';

/** The tokenizer of a merged GGUF file, and what a Modelfile says of it. */
export interface GgufText {
  readonly entries: ReadonlyMap<string, GgufEntry>;
  /** The chat template on a day. */
  readonly templateOn: (day: Date) => ChatTemplate;
  /** The text that llama.cpp puts before a prompt. */
  readonly bos: string;
  /** The tokens that end an answer, as text. */
  readonly stops: readonly string[];
}

/** Throws `gguf_tokenizer_unknown`. */
export function ggufText({ facts, layout }: Pick<ExportSource, 'facts' | 'layout'>): GgufText {
  const { config, generationConfig, tokenizer: json, tokenizerConfig, templateFile } = facts;
  const tokenizer = tokenizerOf(facts);
  const { specialTokens: special } = tokenizer;
  const source = chatTemplateSource(tokenizerConfig, templateFile);
  if (source === undefined) throw new Error('an export has no chat template');
  const templateOn = (now: Date): ChatTemplate => jinjaTemplate(source, { specialTokens: special, now });
  const endIds = [...stopTokens({ config, generationConfig, tokenizer })];
  const around = specialsAround(facts);
  const { bos_token = '' } = special;
  // A chat begins as its template says.
  const addBos = bos_token !== '' && around.bos && beginsWith(templateOn(EXAMPLES_DAY), bos_token);
  const entries = ggufTokenizerEntries({
    ...{ tokenizer: json, tokenizerConfig, special, endIds, template: source },
    ...{ addBos, addEos: special.eos_token !== undefined && around.eos },
    rows: layout.spec.vocabularySize,
  });
  const stops = [...new Set(endIds.map((id) => tokenizer.decode([id])))].filter((stop) => stop.trim() !== '');
  return { entries, templateOn, bos: addBos ? bos_token : '', stops };
}

function beginsWith(template: ChatTemplate, bos: string): boolean {
  return template.render([{ role: 'user', content: 'x' }], true).startsWith(bos);
}
