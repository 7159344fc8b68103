import type { Catalogue } from '../../catalogue';
import { hub } from './hub';
import { progress } from './progress';
import { storage } from './storage';

export const engine: Catalogue['engine'] = {
  ...hub,
  ...progress,
  ...storage,
};
