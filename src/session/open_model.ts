import { concatBytes, sha256Hex } from '../core/bytes';
import { TunesmithError } from '../core/errors';
import { loadTokenizer, type Tokenizer } from '../data/tokenizer';
import { alpacaTemplate, chatTemplateSource, jinjaTemplate, type ChatTemplate } from '../data/template';
import { openCheckpoint, type Checkpoint, type FileReader, type ModelFolder } from '../models/files';

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
  /** The same for examples, on a day that stands still. */
  readonly exampleTemplate: ChatTemplate | undefined;
  /** SHA-256 over config, tokenizer, the weights' header and samples of them: tells models apart without reading gigabytes. */
  readonly hash: string;
}

/**
 * What `strftime_now` tells while examples are rendered: a run that goes on another day must see the same tokens, and the
 * same settings give the same adapter. It is the day that Llama 3's templates name where they know none.
 */
const EXAMPLES_DAY = new Date(2024, 6, 26);

/** Places of the weights that are read for the hash, and bytes at each. */
const SAMPLES = 64;
const SAMPLE_BYTES = 256;

/** Throws what is wrong with the folder, file by file; see `openCheckpoint` and `loadTokenizer`. */
export async function openModel(folder: ModelFolder, identity: ModelIdentity): Promise<OpenModel> {
  const checkpoint = await openCheckpoint(folder);
  const { config, tokenizer: tokenizerJson, tokenizerConfig, templateFile, header, weights } = checkpoint;
  const tokenizer = withinVocabulary(
    loadTokenizer(tokenizerJson, tokenizerConfig),
    checkpoint.spec.vocabularySize,
  );
  const source = chatTemplateSource(tokenizerConfig, templateFile);
  const template = (now?: Date): ChatTemplate | undefined =>
    source === undefined ? undefined : jinjaTemplate(source, { specialTokens: tokenizer.specialTokens, now });
  const described = [
    config,
    tokenizerJson,
    source ?? null,
    [...header.tensors],
    weights.size,
    await sampleHash(weights),
  ];
  const hash = await sha256Hex(new TextEncoder().encode(JSON.stringify(described)));
  const templates = { chatTemplate: template(), exampleTemplate: template(EXAMPLES_DAY) };
  return { identity, folder, checkpoint, tokenizer, ...templates, hash };
}

/** Fine-tunes of one model differ in nothing but the values of their weights, and in nearly all of those. */
async function sampleHash(weights: FileReader): Promise<string> {
  const last = Math.max(0, weights.size - SAMPLE_BYTES);
  const samples: Uint8Array[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    const begin = Math.floor((last * (i + 1)) / SAMPLES);
    samples.push(await weights.read(begin, Math.min(begin + SAMPLE_BYTES, weights.size)));
  }
  return await sha256Hex(concatBytes(samples));
}

/** Some tokenizers have tokens that their model's embedding lacks: text with these is refused, never guessed at. */
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
        message: `The tokenizer writes "${tokenizer.decode([beyond])}" as token ${beyond}, but the model knows ${vocabularySize} tokens only.`,
        hint: 'Remove this text, or take a tokenizer.json that belongs to this model.',
      });
    },
  };
}

/** The template that a setting chooses: the model's own where it has one, else the Alpaca prompt. */
export function templateOf(
  model: OpenModel,
  choice: 'model' | 'alpaca',
  use: 'chat' | 'examples',
): ChatTemplate {
  const ofModel = use === 'chat' ? model.chatTemplate : model.exampleTemplate;
  const own = choice === 'model' ? ofModel : undefined;
  return own ?? alpacaTemplate(model.tokenizer.specialTokens.eos_token);
}
