import { boolean, object } from 'valibot';
import { keep, readKept } from '../shared/persist';

const schema = object({ smoothing: boolean(), logScale: boolean() });

/** The visitor's view settings of the chart. */
export class ChartView {
  smoothing = $state(true);
  logScale = $state(false);

  constructor() {
    const kept = readKept('chart', schema);
    if (kept) this.#set(kept);
  }

  change(change: { smoothing?: boolean; logScale?: boolean }): void {
    const { smoothing, logScale } = this;
    this.#set({ smoothing, logScale, ...change });
    keep('chart', { smoothing: this.smoothing, logScale: this.logScale });
  }

  #set({ smoothing, logScale }: { smoothing: boolean; logScale: boolean }): void {
    this.smoothing = smoothing;
    this.logScale = logScale;
  }
}
