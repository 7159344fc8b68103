import { MediaQuery } from 'svelte/reactivity';

/** Matches screens with room for content that is folded on smaller ones. */
export const roomy = new MediaQuery('(width >= 100rem) and (height >= 50rem)');
/** Matches screens of large monitors. */
export const tall = new MediaQuery('(width >= 100rem) and (height >= 58rem)');
