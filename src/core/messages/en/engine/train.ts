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
};
