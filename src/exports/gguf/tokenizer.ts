import { stopTokens } from '../../chat/stop_tokens';
import {
  chatTemplateSource,
  EXAMPLES_DAY,
  jinjaTemplate,
  sameTemplates,
  type ChatTemplate,
} from '../../data/template';
import { leftEnds } from '../../formats/gguf_ends';
import { keptTemplates, keptTokenizerEntries } from '../../formats/gguf_kept_tokenizer';
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
  /** Those of them at which llama.cpp would run on. */
  readonly leftEnds: readonly string[];
}

/**
 * The tokenizer of a base that comes from a GGUF file is kept as it is there, entry by entry, except for the template that
 * the run has.
 *
 * @throws TunesmithError `gguf_tokenizer_unknown`
 */
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
  const kept = facts.ggufTokenizer;
  const entries = kept
    ? keptTokenizerEntries(kept, {
        template: sameTemplates(chatTemplateSource(keptTemplates(kept)), source) ? undefined : source,
        addBos: around.bos === addBos ? undefined : addBos,
      })
    : ggufTokenizerEntries({
        ...{ tokenizer: json, tokenizerConfig, special, endIds, template: source },
        ...{ addBos, addEos: special.eos_token !== undefined && around.eos },
        rows: layout.spec.vocabularySize,
      });
  const stops = [...new Set(endIds.map((id) => tokenizer.decode([id])))].filter((stop) => stop.trim() !== '');
  return { entries, templateOn, bos: addBos ? bos_token : '', stops, leftEnds: leftEnds(entries, endIds) };
}

function beginsWith(template: ChatTemplate, bos: string): boolean {
  return template.render([{ role: 'user', content: 'x' }], true).startsWith(bos);
}
