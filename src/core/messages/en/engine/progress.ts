/** Labels of work that is under way. */
export const progress = {
  kernels_tuning: 'Tuning the kernels for this GPU',
  kernels_preparing: 'Preparing the kernels',
  run_answering: 'Answering the sample prompts',
  run_evaluating: 'Evaluating on the held-out examples',
};
