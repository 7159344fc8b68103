import { section } from '../language.svelte';

export const text = section('settings');
