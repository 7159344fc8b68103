/** What is under way. */
export const progress = {
  kernels_tuning: 'Fitting the kernels to this GPU',
  kernels_preparing: 'Preparing the kernels',
};
