/** The steps in order, then the past runs. */
export const steps = ['model', 'examples', 'train', 'chat', 'export', 'runs'] as const;
export type StepId = (typeof steps)[number];
/** The places that the stage can show. A name is also an address: `#train`. */
export type Place = 'start' | StepId;

/** The target of the focus: a place's heading, or its main field. */
export type Arrival = 'title' | 'field';

/**
 * The place that the stage shows. It is part of the page's address, so a reload, a link and the back button keep it.
 */
export class RouteState {
  place: Place = $state(placeOf(location.hash));
  /** The target of the focus after a change of the place. */
  arrival: Arrival = 'title';

  constructor() {
    addEventListener('hashchange', () => {
      const place = placeOf(location.hash);
      if (place === this.place) return;
      this.arrival = 'title';
      this.place = place;
    });
  }

  /** Shows a place, as if the visitor had followed a link to it. */
  go(place: Place, arrival: Arrival = 'title'): void {
    if (place === this.place) return;
    this.arrival = arrival;
    this.place = place;
    location.hash = place;
  }
}

/** The place of an address; the start if it names none, like `#start`. */
function placeOf(hash: string): Place {
  return steps.find((step) => `#${step}` === hash) ?? 'start';
}
