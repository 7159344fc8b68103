import { format, plural } from '../format';

interface Rate {
  rate: number;
  usual: number;
  /** The value of finetuning_type. */
  type: string;
}

/** Advice from the size of a run, before it starts. */
export const sizeAdvice = {
  advice_warmup: ({ warmup, steps }: { warmup: number; steps: number }) =>
    `The warm-up of ${plural(warmup, 'step')} is as long as the run of ${format.count(steps)}: the learning rate never stays at its height.`,
  advice_few_steps: ({
    rows,
    epochs,
    batch,
    steps,
  }: {
    rows: number;
    epochs: number;
    batch: number;
    steps: number;
  }) =>
    `${plural(rows, 'example')} × ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}, ${format.count(batch)} a step: only ${plural(steps, 'step')}. So few change the model little.`,
  advice_rate_low: ({ rate, usual, type }: Rate) =>
    `learning_rate ${rate} is low for ${type}: the model may not change. ${usual} is usual.`,
  advice_rate_high: ({ rate, usual, type }: Rate) =>
    `learning_rate ${rate} is high for ${type}: the loss may jump or rise. ${usual} is usual.`,
  advice_by_heart: ({ rows, epochs, evaluated }: { rows: number; epochs: number; evaluated: boolean }) =>
    `Each of the ${plural(rows, 'example')} is seen ${format.count(epochs)} times, so the model may learn them by heart. ${evaluated ? 'Take the adapter of the best step.' : 'Fewer passes are safer.'}`,
  advice_no_held_out: 'No examples are held out, so over-fitting would not show.',
  advice_no_evaluation:
    'The held-out examples are never evaluated (eval_steps 0), so over-fitting would not show.',
  advice_late_evaluation: ({ eval_steps, steps }: { eval_steps: number; steps: number }) =>
    `The run has ${plural(steps, 'step')}, so with eval_steps ${format.count(eval_steps)} it is evaluated only at its end.`,
  advice_cut: ({ truncated, rows, cutAt }: { truncated: number; rows: number; cutAt: number }) =>
    `${format.count(truncated)} of ${plural(rows, 'example')} are cut at ${format.count(cutAt)} tokens (max_seq_length): the model never sees how they end.`,
  advice_parameters: ({ parameters, targets }: { parameters: number; targets: number }) =>
    `${format.compact(parameters)} parameters learn from ${plural(targets, 'token')}: a lower r learns as much, and over-fits less.`,
};
