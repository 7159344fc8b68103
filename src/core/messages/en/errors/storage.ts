import { format } from '../format';

const NOT_PRIVATE = 'Open the page in a window that is not private, and allow it to store data.';
const OTHER_TAB = 'Go on in that tab, or close it and try again here.';

export const storageErrors = {
  checkpoint_not_saved: ({ step }: { step: number }) => ({
    message: `The checkpoint of step ${step} was written, but the storage gives back other bytes.`,
    hint: 'Check the disk. The checkpoint before it is still there.',
  }),
  checkpoints_damaged: ({ count }: { count: number }) => ({
    message: `None of the run's checkpoints (${format.count(count)}) is as it was written.`,
    hint: 'Start the run anew; its settings and examples are still known.',
  }),
  file_in_use: ({ path }: { path: string }) => ({
    message: `${path} is in use in another tab of this browser.`,
    hint: OTHER_TAB,
  }),
  file_not_written: ({ path }: { path: string }) => ({
    message: `${path} can't be written.`,
    hint: 'Check that its folder is one, and that you may write there.',
  }),
  model_in_other_tab: ({ name }: { name: string }) => ({
    message: `${name} is being fetched in another tab of this browser.`,
    hint: 'Stop it there, or wait for it.',
  }),
  run_data_missing: ({ files }: { files: readonly string[] }) => ({
    message: `The run's examples (${files.join(', ')}) are no longer in storage.`,
    hint: 'The browser may have cleared them. Add the files again and start a new run.',
  }),
  run_in_other_tab: {
    message: 'This run is being trained in another tab of this browser.',
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
        ? "The browser's storage refuses to give back what it keeps."
        : `The browser's storage refuses to keep ${what}.`,
    hint: 'Check that the disk has room and is in order, then go on. What was saved before is still there.',
  }),
  storage_full: ({ what, needed, free }: { what: string; needed: number; free?: number }) => ({
    message:
      free === undefined
        ? `The storage is full: ${what} needs ${format.bytes(needed)}.`
        : `The storage is full: ${what} needs ${format.bytes(needed)}, and there is room for ${format.bytes(free)}.`,
    hint: 'Remove runs that are no longer needed or free space on the disk, then go on. What was saved before is still there.',
  }),
  storage_path: ({ path }: { path: string }) => ({
    message: `A file can't be stored as "${path}".`,
    hint: 'Give the file a plain name, without slashes.',
  }),
  storage_unavailable: {
    message: 'This browser lets the page store nothing.',
    hint: NOT_PRIVATE,
  },
  storage_without_files: {
    message: 'This browser lets the page store no files.',
    hint: NOT_PRIVATE,
  },
};
