import type { Catalogue } from '../../catalogue';
import { exports } from './exports';
import { hub } from './hub';
import { progress } from './progress';
import { settingsFile } from './settings_file';
import { storage } from './storage';

export const engine: Catalogue['engine'] = {
  ...exports,
  ...hub,
  ...progress,
  ...storage,
  ...settingsFile,
};
