/** Errors of the page itself. */
export const pageErrors = {
  choose_model_again: ({ name }: { name: string }) => ({
    message: `The page can no longer read the files of “${name}”.`,
    hint: 'Choose the model’s folder again.',
  }),
  conversation_not_kept: {
    message: 'This browser does not keep the conversation: its storage is full or forbidden.',
    hint: 'The conversation stays here until you close the page. Save it as a file if you need it later.',
  },
  dropped_no_examples: ({ name, endings }: { name: string; endings: readonly string[] }) => ({
    message: `“${name}” contains no files of examples.`,
    hint: `By their endings, these are examples: ${endings.join(', ')}.`,
  }),
  worker_failed: {
    message: 'The engine behind this page could not start, or stopped.',
    hint: 'Reload the page. Saved checkpoints are still there.',
  },
};
