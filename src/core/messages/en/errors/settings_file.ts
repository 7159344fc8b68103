/** Errors of a file of settings. */
export const settingsFileErrors = {
  settings_file_invalid: ({ file, problems }: { file: string; problems: readonly string[] }) => ({
    message: `${file} can’t be used. ${problems.join('\n')}`,
    hint: 'No setting was changed. Correct the file and try again.',
  }),
  settings_file_unreadable: ({ path }: { path: string }) => ({
    message: `--config: ${path} can’t be read.`,
    hint: 'Check the path, and that it is a file that you may read.',
  }),
};
