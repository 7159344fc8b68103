import type { ErrorCode } from '../../../error_codes';
import type { ErrorEntry } from '../../entry';
import { coreErrors } from './core';
import { exportErrors } from './exports';
import { hubErrors } from './hub';
import { pageErrors } from './page';
import { storageErrors } from './storage';
import { settingsFileErrors } from './settings_file';

/** What happened and what to do, by an error's code. */
export const errors = {
  ...coreErrors,
  ...exportErrors,
  ...hubErrors,
  ...pageErrors,
  ...storageErrors,
  ...settingsFileErrors,
} satisfies Readonly<Partial<Record<ErrorCode, ErrorEntry>>>;
