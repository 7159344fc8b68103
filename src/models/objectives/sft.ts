import type { TrainSettings } from '../../core/settings/settings';
import { packMicroBatch } from '../../data/batches';
import { tokenizeSample } from '../../data/examples';
import { headCrossEntropy } from '../../ops/head_cross_entropy';
import { f32, u32 } from '../../ops/op';
import { judgedLoss, NLL, type Objective } from './objective';

type LossSettings = Pick<TrainSettings, 'loss_type' | 'label_smoothing_factor'>;

/** How the loss differs from the negative log-likelihood. As in TRL, `dft` is not smoothed. */
function lossOptions({ loss_type, label_smoothing_factor }: LossSettings): {
  readonly dft: boolean;
  readonly smoothing: number;
} {
  const dft = loss_type === 'dft';
  return { dft, smoothing: dft ? 0 : label_smoothing_factor };
}

/**
 * Supervised fine-tuning: the mean over the target tokens of the negative log-likelihood, smoothed as Transformers'
 * `LabelSmoother` does it, or weighted by the token's probability as TRL's `loss_type` "dft" does it; in training and in
 * evaluation.
 *
 * In training, a token's loss is multiplied by the weight that the data gives its answer or its row. As in ms-swift's
 * `loss_scale`, the sum is divided by the number of target tokens, not by the sum of their weights. Evaluation counts all
 * targets alike, so that its loss and perplexity say how well the model answers.
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
  slots: [
    { name: 'targets', ...u32('rows') },
    { name: 'weights', ...f32('rows') },
  ],
  metrics: (settings) => {
    const { dft, smoothing } = lossOptions(settings);
    return dft || smoothing > 0 ? [NLL] : [];
  },
  loss(builder, { hidden, head, slot, train }, settings) {
    const weights = train ? slot('weights') : undefined;
    const inputs = { hidden: hidden(), head, targets: slot('targets'), weights };
    const { losses, nll } = headCrossEntropy(builder, inputs, {
      withGradient: train,
      ...lossOptions(settings),
    });
    return { losses, metrics: nll ? [nll] : [] };
  },
  perplexity: (means) => Math.exp(judgedLoss(means)),
};
