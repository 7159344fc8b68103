import { boolean, maxValue, minValue, nullable, number, object, optional, picklist, pipe } from 'valibot';
import { keep, readKept } from '../shared/persist';
import { AXES, type Axis, type CurveName } from './curve';

const schema = object({
  smoothing: boolean(),
  logScale: boolean(),
  weight: optional(nullable(pipe(number(), minValue(0), maxValue(0.99))), null),
  axis: optional(picklist(AXES), 'step'),
});

interface View {
  smoothing: boolean;
  logScale: boolean;
  weight: number | null;
  axis: Axis;
}

/** The visitor's view settings of the charts. */
export class ChartView {
  smoothing = $state(true);
  logScale = $state(false);
  /** The weight of the past in a smoothed curve; null for one that suits the length of the run. */
  weight: number | null = $state(null);
  axis: Axis = $state('step');
  /** The number that is drawn. A new page begins with the loss. */
  what: CurveName = $state('loss');

  constructor() {
    const kept = readKept('chart', schema);
    if (kept) this.#set(kept);
  }

  change(change: Partial<View>): void {
    const { smoothing, logScale, weight, axis } = this;
    const view = { smoothing, logScale, weight, axis, ...change };
    this.#set(view);
    keep('chart', view);
  }

  #set({ smoothing, logScale, weight, axis }: View): void {
    this.smoothing = smoothing;
    this.logScale = logScale;
    this.weight = weight;
    this.axis = axis;
  }
}
