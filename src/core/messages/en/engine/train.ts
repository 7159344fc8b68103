import { format } from '../format';

/** Messages about runs. */
export const trainMessages = {
  loss_not_finite_first: 'The loss or its gradient is NaN or infinite in step 1, before anything was learnt',
  loss_not_finite_step: ({ step }: { step: number }) =>
    `The loss or its gradient became NaN or infinite in step ${step}`,
  loss_not_finite_held_out: ({ step }: { step: number }) =>
    `The evaluation loss is NaN or infinite after step ${step}`,
  loss_not_finite_now: 'The loss is NaN or infinite',
  checkpoint_none: 'No checkpoint was saved before.',
  checkpoint_kept: ({ step }: { step: number }) =>
    `The checkpoint of step ${step} is the last good one and is still there.`,
  remedy_rate: ({ rate }: { rate: number }) => `a lower learning_rate (it is ${rate})`,
  remedy_warmup: 'a warm-up (warmup_steps 0.1)',
  remedy_clipping: 'clipping (max_grad_norm 1)',
  stopped_early: ({ step, steps, evaluations }: { step: number; steps: number; evaluations: number }) =>
    `Stopped early at step ${format.count(step)} of ${format.count(steps)}: ${evaluations === 1 ? 'the last evaluation' : `${format.count(evaluations)} evaluations in a row`} gained nothing.`,
  best_step_taken: ({ step, loss, ofAll }: { step: number; loss: number; ofAll: boolean }) =>
    `The adapter is that of step ${format.count(step)}, where the evaluation loss was lowest (${format.number(loss)})${ofAll ? '' : ' of the steps that have a checkpoint'}.`,
  over_fitting: ({
    step,
    loss,
    rise,
    epochs,
    offered,
  }: {
    step: number;
    loss: number;
    rise: number;
    epochs: number;
    offered: boolean;
  }) =>
    `Over-fitting: the evaluation loss was lowest at step ${format.count(step)} (${format.number(loss)}) and is ${format.percent(rise)} above it now, while the training loss keeps falling. The model learns the examples by heart. More examples help most; else fewer passes (num_train_epochs ${epochs}), a lower r, lora_dropout 0.05 or weight_decay 0.01.${offered ? ` With load_best_model_at_end, the adapter of step ${format.count(step)} is taken.` : ''}`,
  learnt_by_heart: ({ loss, evalLoss }: { loss: number; evalLoss: number }) =>
    `The model knows its examples by heart: the training loss is ${format.number(loss)}, the evaluation loss ${format.number(evalLoss)}. More examples, and more different ones, help most; else fewer passes or a lower r.`,
  still_falling: ({ fall }: { fall: number }) =>
    `The loss was still falling at the end, by ${format.percent(fall)} in the last quarter. More passes (num_train_epochs) may make the model better.`,
  judged_by_nll:
    'This is judged by nll_loss, the mean of -log p. The run’s own loss is another one (loss_type or label_smoothing_factor).',
  loss_stays: ({ rate }: { rate: number }) =>
    `The training loss has hardly moved. Either the model knew the examples, or learning_rate ${rate} is too low, or so high that nothing lasts: try ten times more, or a tenth.`,
  loss_rises: ({ rate }: { rate: number }) =>
    `The training loss rises instead of falling: learning_rate ${rate} is probably too high. Try a third or a tenth of it.`,
  rates_trying: 'Trying learning rates',
};
