import type { Catalogue } from '../../catalogue';
import { progress } from './progress';

export const engine: Catalogue['engine'] = {
  ...progress,
};
