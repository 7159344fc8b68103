import { sha256Hex } from '../core/bytes';
import { loadTokenizer, type Tokenizer } from '../data/tokenizer';
import { alpacaTemplate, chatTemplateSource, jinjaTemplate, type ChatTemplate } from '../data/template';
import { openCheckpoint, type Checkpoint, type ModelFolder } from '../models/files';

/** What a model is called and where it came from. */
export interface ModelIdentity {
  readonly name: string;
  readonly source: 'demo' | 'files';
}

/** A model as far as it needs no device: its files, its tokenizer and its templates. */
export interface OpenModel {
  readonly identity: ModelIdentity;
  readonly folder: ModelFolder;
  readonly checkpoint: Checkpoint;
  readonly tokenizer: Tokenizer;
  /** The model's own; undefined where it has none. */
  readonly chatTemplate: ChatTemplate | undefined;
  /** SHA-256 over config, tokenizer and the weights' header: tells models apart without reading gigabytes. */
  readonly hash: string;
}

/** Throws what is wrong with the folder, file by file; see `openCheckpoint` and `loadTokenizer`. */
export async function openModel(folder: ModelFolder, identity: ModelIdentity): Promise<OpenModel> {
  const checkpoint = await openCheckpoint(folder);
  const { config, tokenizer: tokenizerJson, tokenizerConfig, templateFile, header, weights } = checkpoint;
  const tokenizer = loadTokenizer(tokenizerJson, tokenizerConfig);
  const source = chatTemplateSource(tokenizerConfig, templateFile);
  const chatTemplate =
    source === undefined ? undefined : jinjaTemplate(source, { specialTokens: tokenizer.specialTokens });
  const described = [config, tokenizerJson, source ?? null, [...header.tensors], weights.size];
  const hash = await sha256Hex(new TextEncoder().encode(JSON.stringify(described)));
  return { identity, folder, checkpoint, tokenizer, chatTemplate, hash };
}

/** The template that a setting chooses: the model's own where it has one, else the Alpaca prompt. */
export function templateOf(model: OpenModel, choice: 'model' | 'alpaca'): ChatTemplate {
  const own = choice === 'model' ? model.chatTemplate : undefined;
  return own ?? alpacaTemplate(model.tokenizer.specialTokens.eos_token);
}
