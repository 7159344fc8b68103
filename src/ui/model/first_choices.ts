import type { Catalogue } from '../../core/messages/catalogue';

/** A model to begin with, with the facts of its page on the Hub. */
export interface FirstChoice {
  /** The catalogue describes the model under this name. */
  readonly repo: keyof Catalogue['model']['firstChoice'];
  readonly parameters: number;
  /** Bytes of the files to download. */
  readonly bytes: number;
  readonly license: string;
}

/** Small models with free access, the smallest first. */
export const firstChoices: readonly FirstChoice[] = [
  {
    repo: 'HuggingFaceTB/SmolLM2-135M-Instruct',
    parameters: 134_515_008,
    bytes: 271e6,
    license: 'apache-2.0',
  },
  {
    repo: 'unsloth/gemma-3-270m-it',
    parameters: 268_098_176,
    bytes: 570e6,
    license: 'gemma',
  },
  {
    repo: 'Qwen/Qwen2.5-0.5B-Instruct',
    parameters: 494_032_768,
    bytes: 999e6,
    license: 'apache-2.0',
  },
  {
    repo: 'unsloth/Llama-3.2-1B-Instruct-bnb-4bit',
    parameters: 1_235_814_400,
    bytes: 1.05e9,
    license: 'llama3.2',
  },
  {
    repo: 'Qwen/Qwen3-0.6B',
    parameters: 596_049_920,
    bytes: 1.52e9,
    license: 'apache-2.0',
  },
  {
    repo: 'Qwen/Qwen2.5-1.5B-Instruct',
    parameters: 1_543_714_304,
    bytes: 3.1e9,
    license: 'apache-2.0',
  },
];
