import type { en } from './en';

/** What each language says. The English catalogue decides which entries there are and what values they take. */
export type Catalogue = typeof en;
