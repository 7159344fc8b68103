export const coreErrors = {
  aborted: { message: 'It was stopped.' },
  unexpected_error: ({ text }: { text: string }) => ({ message: text }),
};
