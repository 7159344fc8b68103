import { section } from '../language.svelte';

export const text = section('shell');
