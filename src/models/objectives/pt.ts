import { sft } from './sft';
import type { Objective } from './objective';

/**
 * Continued pre-training, LLaMA-Factory's stage `pt`: every token of a text is a target, up to the `eos_token` that ends
 * it. The text of a conversation is that of the chat template. TRL trains the same with its SFTTrainer on texts.
 */
export const pt: Objective = {
  ...sft,
  examples: (sample, settings) => sft.examples(sample, { ...settings, trainOn: 'all' }),
  inPieces: true,
};
