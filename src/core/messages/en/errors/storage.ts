import { format } from '../format';

const NOT_PRIVATE = 'Open the page in a window that is not private, and allow it to store data.';
const OTHER_TAB = 'Continue in that tab, or close it and try again here.';

export const storageErrors = {
  checkpoint_not_saved: ({ step }: { step: number }) => ({
    message: `The checkpoint of step ${step} was written, but the storage returns other bytes.`,
    hint: 'Check the disk. The checkpoint before it is still there.',
  }),
  checkpoints_damaged: ({ count }: { count: number }) => ({
    message: `All checkpoints of the run (${format.count(count)}) have changed since they were written.`,
    hint: 'Start a new run; the settings and the examples are still there.',
  }),
  file_in_use: ({ path }: { path: string }) => ({
    message: `${path} is in use in another tab of this browser.`,
    hint: OTHER_TAB,
  }),
  file_not_written: ({ path }: { path: string }) => ({
    message: `${path} can’t be written.`,
    hint: 'Check that its folder is a folder, and that you may write there.',
  }),
  model_in_other_tab: ({ name }: { name: string }) => ({
    message: `Another tab of this browser is downloading ${name}.`,
    hint: 'Stop it there, or wait for it.',
  }),
  run_data_missing: ({ files }: { files: readonly string[] }) => ({
    message: `The run’s examples (${files.join(', ')}) are no longer in storage.`,
    hint: 'The browser may have cleared them. Add the files again and start a new run.',
  }),
  run_in_other_tab: {
    message: 'Another tab of this browser is training this run.',
    hint: OTHER_TAB,
  },
  run_unknown: {
    message: 'This run is no longer in storage.',
    hint: 'It was removed, perhaps in another tab. Start a new one.',
  },
  /** `what` was to be written; nothing was if it is absent. */
  storage_failed: ({ what }: { what?: string }) => ({
    message:
      what === undefined
        ? 'The browser’s storage could not read the saved data.'
        : `The browser’s storage could not save ${what}.`,
    hint: 'Check that the disk has room and works, then continue. Everything saved before is still there.',
  }),
  storage_full: ({ what, needed, free }: { what: string; needed: number; free?: number }) => ({
    message:
      free === undefined
        ? `The storage is full: ${what} needs ${format.bytes(needed)}.`
        : `The storage is full: ${what} needs ${format.bytes(needed)}, and there is room for ${format.bytes(free)}.`,
    hint: 'Remove runs that are no longer needed or free space on the disk, then continue. Everything saved before is still there.',
  }),
  storage_path: ({ path }: { path: string }) => ({
    message: `A file can’t be stored as “${path}”.`,
    hint: 'Give the file a plain name, without slashes.',
  }),
  storage_unavailable: {
    message: 'This browser does not let the page store data.',
    hint: NOT_PRIVATE,
  },
  storage_without_files: {
    message: 'This browser does not let the page store files.',
    hint: NOT_PRIVATE,
  },
};
