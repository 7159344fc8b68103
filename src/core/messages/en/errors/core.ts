const otherPages = { datasets: 'a dataset', spaces: 'a space', studios: 'a studio' };

export const coreErrors = {
  aborted: { message: 'It was stopped.' },
  unexpected_error: ({ text }: { text: string }) => ({
    message: `Something unexpected happened: ${text}`,
    hint: 'Try again. If it happens again, please report it.',
  }),
  file_unreadable: ({ name }: { name: string }) => ({
    message: `${name} could not be read.`,
    hint: 'It may have been moved or changed since you chose it. Choose it again.',
  }),
  endpoint_invalid: ({ typed, example }: { typed: string; example: string }) => ({
    message: `Models can’t be downloaded from “${typed}”.`,
    hint: `Give the address of a site with the same interface as the Hugging Face Hub, such as ${example}. It must start with https://.`,
  }),
  git_lfs_pointer: ({ name, size }: { name: string; size: number }) => ({
    message: `${name} is a Git LFS pointer of ${size} bytes, not the file itself.`,
    hint: 'Run “git lfs pull” in the cloned folder, or download the file from the page of the model.',
  }),
  model_reference: ({ typed, page }: { typed: string; page?: keyof typeof otherPages }) =>
    page === undefined
      ? {
          message: `“${typed}” is not the name of a model on the Hub.`,
          hint: 'Write owner/name, such as Qwen/Qwen2.5-0.5B-Instruct, or the address of its page.',
        }
      : {
          message: `“${typed}” is the address of ${otherPages[page]}, not of a model.`,
          hint: 'Give the address of the page of a model, or its owner/name, such as Qwen/Qwen2.5-0.5B-Instruct.',
        },
};
