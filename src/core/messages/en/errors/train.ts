import { format } from '../format';

/** Errors of training and answering. */
export const trainErrors = {
  logits_not_finite: {
    message: 'The model’s scores for the next token are NaN.',
    hint: 'Its weights or the adapter are damaged: load another model or an earlier checkpoint.',
  },
  loss_not_finite: ({
    found,
    kept,
    remedies,
  }: {
    found: string;
    kept?: string;
    remedies?: readonly string[];
  }) => ({
    message: kept === undefined ? `${found}.` : `${found}. ${kept}`,
    hint:
      remedies === undefined
        ? 'The base model or the adapter computes numbers out of range: choose another, or load the base model with dtype = float32.'
        : `Train again with ${format.alternatives(remedies)}.`,
  }),
  optimizer_derived: ({ optim }: { optim: string }) => ({
    message: `${optim} does not train DoRA or OFT.`,
    hint: 'Choose another optim, or switch use_dora off and set finetuning_type to lora.',
  }),
  lr_end_too_high: ({ lr_end, learning_rate }: { lr_end: number; learning_rate: number }) => ({
    message: `lr_end is ${lr_end}, which is not below learning_rate, ${learning_rate}.`,
    hint: 'Set lr_end lower, or choose lr_scheduler_type constant_with_warmup.',
  }),
  stopping_needs_evaluation: ({ settings, heldOut }: { settings: readonly string[]; heldOut: boolean }) => ({
    message: `${format.series(settings)} ${settings.length === 1 ? 'needs' : 'need'} the evaluation loss, but ${heldOut ? 'eval_steps is 0' : 'no examples are held out'}.`,
    hint: heldOut
      ? 'Set eval_steps to 1 or more, or turn them off.'
      : 'Raise eval_split, add a file of examples for evaluation, or turn them off.',
  }),
};
