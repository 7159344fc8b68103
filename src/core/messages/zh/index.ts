/** The catalogue in Simplified Chinese, with the keys of the English one. */
import type { Catalogue } from '../catalogue';
import { en } from '../en';
import { engine } from './engine';
import { errors } from './errors';
import { format } from './format';
import { shared } from './shared';

export const zh: Catalogue = {
  ...en,
  format,
  errors,
  engine,
  shared,
};
