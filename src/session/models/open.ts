import { eosTokenIds } from '../../chat/stop_tokens';
import { TunesmithError } from '../../core/errors';
import { isRecord } from '../../core/json';
import { message, type Message } from '../../core/messages/message';
import { tokensOfClass } from '../../data/class_tokens';
import { loadTokenizer, type Tokenizer } from '../../data/tokenizer';
import {
  alpacaTemplate,
  chatTemplateSource,
  EXAMPLES_DAY,
  jinjaTemplate,
  type ChatTemplate,
  type TemplateSource,
} from '../../data/template';
import type { BaseFacts } from '../../models/base_file';
import type { Checkpoint } from '../../models/files';

/** A model's name and origin. */
export interface ModelIdentity {
  readonly name: string;
  readonly source: 'demo' | 'files' | 'hub';
  /** For a model of a hub: owner/name and the commit of its files. */
  readonly repo?: string;
  readonly commit?: string;
  readonly license?: string;
  /** The GGUF file that it comes from, if it comes from one and its name is known. */
  readonly file?: string;
  /** The address of the folder of its files, for the page's own model. */
  readonly address?: string;
}

/** The contents of a model's small files, without the weights. */
export type ModelFacts = BaseFacts & Pick<Checkpoint, 'spec'>;

/** The small files that say how a model reads text. */
export type TextFacts = Pick<
  ModelFacts,
  'config' | 'tokenizer' | 'tokenizerConfig' | 'templateFile' | 'generationConfig'
>;

/** How a model reads text: its tokenizer and its templates. */
export interface OpenText {
  readonly tokenizer: Tokenizer;
  /** The model's own; undefined if it has none. */
  readonly chatTemplate: ChatTemplate | undefined;
  /** The template for examples, with a fixed date. */
  readonly exampleTemplate: ChatTemplate | undefined;
  /** Why the model's own template can't be used; the Alpaca prompt still can. */
  readonly templateFault: TunesmithError | undefined;
  /** Notes for the person on its tokenizer and its template. */
  readonly textNotes: readonly Message[];
}

/** The part of a model that needs no device: its small files, its tokenizer and its templates. */
export interface OpenModel extends OpenText {
  readonly identity: ModelIdentity;
  readonly facts: ModelFacts;
  /** Identifies the model, independent of the load settings; see `hashOfFiles` and `hashOfCommit`. */
  readonly hash: string;
}

/** Throws as `loadTokenizer`. Does not throw for an unusable template, because the model can be used without it. */
export function openModel(facts: ModelFacts, identity: ModelIdentity, hash: string): OpenModel {
  return { identity, facts, hash, ...openText(facts, facts.spec.vocabularySize) };
}

/** The tokenizer and the templates of a model, from its small files. Throws as `openModel`. */
export function openText(facts: TextFacts, vocabularySize: number): OpenText {
  const { tokenizer: tokenizerJson, tokenizerConfig, templateFile, config, generationConfig } = facts;
  const loaded = loadTokenizer(tokenizerJson, tokenizerConfig, {
    tokens: tokensOfClass(tokenizerConfig, config),
    eosIds: [...eosTokenIds(generationConfig), ...eosTokenIds(config)],
  });
  const tokenizer = withinVocabulary(loaded, vocabularySize);
  const source = chatTemplateSource(tokenizerConfig, templateFile);
  const { specialTokens } = tokenizer;
  const template = (now?: Date): ChatTemplate | undefined =>
    source === undefined ? undefined : jinjaTemplate(source, { specialTokens, now });
  const templates = templatesOrFault(() => ({
    chatTemplate: template(),
    exampleTemplate: template(EXAMPLES_DAY),
  }));
  const { templateFault } = templates;
  const textNotes = [
    ...(templateFault ? [message('template_unusable', { reason: templateFault.clause })] : []),
    ...endNotes(tokenizerConfig, specialTokens.eos_token),
  ];
  return { tokenizer, ...templates, textNotes };
}

function templatesOrFault(
  read: () => Pick<OpenText, 'chatTemplate' | 'exampleTemplate'>,
): Pick<OpenText, 'chatTemplate' | 'exampleTemplate' | 'templateFault'> {
  try {
    return { ...read(), templateFault: undefined };
  } catch (fault) {
    if (!(fault instanceof TunesmithError)) throw fault;
    return { chatTemplate: undefined, exampleTemplate: undefined, templateFault: fault };
  }
}

function endNotes(tokenizerConfig: unknown, eosToken: string | undefined): readonly Message[] {
  const named = isRecord(tokenizerConfig) ? tokenizerConfig.eos_token : undefined;
  if (named !== undefined && named !== null) return [];
  return eosToken === undefined ? [message('eos_missing')] : [message('eos_taken', { token: eosToken })];
}

/** Some tokenizers have tokens that their model's embedding lacks. Text with these tokens is refused. */
function withinVocabulary(tokenizer: Tokenizer, vocabularySize: number): Tokenizer {
  if (tokenizer.vocabSize <= vocabularySize) return tokenizer;
  return {
    ...tokenizer,
    encode(text, options) {
      const ids = tokenizer.encode(text, options);
      const beyond = ids.find((id) => id >= vocabularySize);
      if (beyond === undefined) return ids;
      throw new TunesmithError({
        code: 'token_beyond_vocabulary',
        values: { text: tokenizer.decode([beyond]), id: beyond, vocabulary: vocabularySize },
      });
    },
  };
}

/** The template of an adapter's conversations: the base's own, the Alpaca prompt, or one that came with the adapter. */
export type AdapterTemplate = 'model' | 'alpaca' | OwnTemplate;

export interface OwnTemplate {
  readonly source: TemplateSource;
  /** Throws `chat_template` if it is no valid template. */
  read(): ChatTemplate;
}

/**
 * The template that a setting or an adapter chooses: the model's own if it has one, else the Alpaca prompt; or the
 * adapter's. Throws `templateFault` if the model's can't be used, `chat_template` if the adapter's can't.
 */
export function templateOf(model: OpenText, choice: AdapterTemplate, use: 'chat' | 'examples'): ChatTemplate {
  if (typeof choice === 'object') return choice.read();
  if (choice === 'model' && model.templateFault) throw model.templateFault;
  const ofModel = use === 'chat' ? model.chatTemplate : model.exampleTemplate;
  const own = choice === 'model' ? ofModel : undefined;
  return own ?? alpacaTemplate(model.tokenizer.specialTokens.eos_token);
}
