import type { Place } from './route.svelte';

export const titleId = (place: Place): string => `${place}-title`;

/** Moves the focus to the heading of a place, so that keyboards and screen readers go on from there. */
export function focusTitle(place: Place): void {
  document.getElementById(titleId(place))?.focus({ preventScroll: true });
}
