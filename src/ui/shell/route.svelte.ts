/** The steps in their order, then the runs of before. */
export const steps = ['model', 'examples', 'train', 'chat', 'export', 'runs'] as const;
export type StepId = (typeof steps)[number];
/** The places that the stage can show. A name is also an address: `#train`. */
export type Place = 'start' | StepId;

/** A place's heading, or the field that it is for. */
export type Arrival = 'title' | 'field';

/** Which place the stage shows. It stands in the page's address, so a reload, a link and the back button keep it. */
export class RouteState {
  place: Place = $state(placeOf(location.hash));
  /** Where the focus goes in a place that was just gone to. */
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

/** An address that names no place, as `#start` does, shows the start. */
function placeOf(hash: string): Place {
  return steps.find((step) => `#${step}` === hash) ?? 'start';
}
