import { packMicroBatch } from '../../data/batches';
import { tokenizeSample } from '../../data/examples';
import { headCrossEntropy } from '../../ops/head_cross_entropy';
import { u32 } from '../../ops/op';
import type { Objective } from './objective';

/** TRL's and Transformers' name of the negative log-likelihood before smoothing. */
const NLL = 'nll_loss';

/**
 * Supervised fine-tuning: the mean negative log-likelihood of the target tokens, smoothed as Transformers' `LabelSmoother`
 * does it, in training and in evaluation.
 */
export const sft: Objective = {
  examples(sample, settings) {
    const { example, endless } = tokenizeSample(sample, settings);
    return { examples: [example], endless };
  },
  inPieces: false,
  texts: 1,
  pack: packMicroBatch,
  terms: ({ targetTokens }) => targetTokens,
  slots: [{ name: 'targets', ...u32('rows') }],
  metrics: ({ label_smoothing_factor }) => (label_smoothing_factor > 0 ? [NLL] : []),
  loss(builder, { hidden, head, slot, train }, { label_smoothing_factor: smoothing }) {
    const options = { withGradient: train, smoothing };
    const { losses, nll } = headCrossEntropy(
      builder,
      { hidden: hidden(), head, targets: slot('targets') },
      options,
    );
    return { losses, metrics: nll ? [nll] : [] };
  },
  perplexity: ({ loss, metrics }) => Math.exp(metrics[NLL] ?? loss),
};
