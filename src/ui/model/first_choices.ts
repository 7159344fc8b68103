/** A model to begin with, with what its page on the Hub says of it. */
export interface FirstChoice {
  readonly repo: string;
  readonly parameters: number;
  /** Of the files that are fetched. */
  readonly bytes: number;
  readonly license: string;
  /** What it is good for, in a few words. */
  readonly about: string;
}

/** Small models that are open to everybody, the lightest first. */
export const firstChoices: readonly FirstChoice[] = [
  {
    repo: 'HuggingFaceTB/SmolLM2-135M-Instruct',
    parameters: 134_515_008,
    bytes: 271e6,
    license: 'apache-2.0',
    about: 'The lightest: a quick try, English.',
  },
  {
    repo: 'unsloth/gemma-3-270m-it',
    parameters: 268_098_176,
    bytes: 570e6,
    license: 'gemma',
    about: 'Made to be fine-tuned for one task.',
  },
  {
    repo: 'Qwen/Qwen2.5-0.5B-Instruct',
    parameters: 494_032_768,
    bytes: 999e6,
    license: 'apache-2.0',
    about: 'A good all-rounder in many languages.',
  },
  {
    repo: 'unsloth/Llama-3.2-1B-Instruct-bnb-4bit',
    parameters: 1_235_814_400,
    bytes: 1.05e9,
    license: 'llama3.2',
    about: 'Already in 4 bits: a small download.',
  },
  {
    repo: 'Qwen/Qwen3-0.6B',
    parameters: 596_049_920,
    bytes: 1.52e9,
    license: 'apache-2.0',
    about: 'Thinks before it answers, if asked to.',
  },
  {
    repo: 'Qwen/Qwen2.5-1.5B-Instruct',
    parameters: 1_543_714_304,
    bytes: 3.1e9,
    license: 'apache-2.0',
    about: 'More able; wants a real GPU.',
  },
];
