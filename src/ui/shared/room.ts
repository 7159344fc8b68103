import { MediaQuery } from 'svelte/reactivity';

/** A screen with room for what is folded away on smaller ones. */
export const roomy = new MediaQuery('(width >= 100rem) and (height >= 50rem)');
/** As high as the screen of a large monitor. */
export const tall = new MediaQuery('(width >= 100rem) and (height >= 58rem)');
