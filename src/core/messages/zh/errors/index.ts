import type { Catalogue } from '../../catalogue';
import { coreErrors } from './core';
import { pageErrors } from './page';

export const errors: Catalogue['errors'] = {
  ...coreErrors,
  ...pageErrors,
};
