import type { Catalogue } from '../../catalogue';
import { coreErrors } from './core';
import { exportErrors } from './exports';
import { hubErrors } from './hub';
import { pageErrors } from './page';
import { storageErrors } from './storage';
import { settingsFileErrors } from './settings_file';

export const errors: Catalogue['errors'] = {
  ...coreErrors,
  ...exportErrors,
  ...hubErrors,
  ...pageErrors,
  ...storageErrors,
  ...settingsFileErrors,
};
