import type { en } from './en';

/** The words of one language. The English catalogue decides which entries there are and which values they take. */
export type Catalogue = typeof en;
