/** Errors of the page itself. */
export const pageErrors = {
  choose_model_again: ({ name }: { name: string }) => ({
    message: `The files of “${name}” are not at hand any more.`,
    hint: 'Choose the model’s folder again.',
  }),
  worker_failed: {
    message: 'The engine behind this page could not start, or broke.',
    hint: 'Reload the page. What a run had saved is still there.',
  },
};
