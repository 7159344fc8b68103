/** Labels of work that is under way. */
export const progress = {
  kernels_tuning: 'Fitting the kernels to this GPU',
  kernels_preparing: 'Preparing the kernels',
  run_answering: 'Answering the sample prompts',
  run_evaluating: 'Testing on the held-out examples',
};
