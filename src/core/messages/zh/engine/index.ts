import type { Catalogue } from '../../catalogue';
import { progress } from './progress';
import { storage } from './storage';

export const engine: Catalogue['engine'] = {
  ...progress,
  ...storage,
};
