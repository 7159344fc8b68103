import type { Arrival, Place } from './route.svelte';

export const titleId = (place: Place): string => `${place}-title`;

/** Moves the focus after a change of the place: to the place's field if requested and usable, else to its heading. */
export function focusArrival(place: Place, arrival: Arrival): void {
  const field = document.querySelector<HTMLElement>(`#${place} [data-arrival]:enabled`);
  if (arrival === 'field' && field) field.focus();
  else focusTitle(place);
}

/** Moves the focus to the heading of a place, so that keyboards and screen readers continue from there. */
export function focusTitle(place: Place): void {
  document.getElementById(titleId(place))?.focus({ preventScroll: true });
}
