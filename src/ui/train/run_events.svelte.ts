import type { SampleEvent, StepEvent, TrainEvent } from '../../worker/protocol';

/** The chart and the numbers are drawn at most this often: a fast GPU makes hundreds of steps a second. */
const drawEveryMilliseconds = 200;

/** The events of a run as the page shows them. */
export class RunEvents {
  /** Events for the chart, oldest first. */
  all: readonly TrainEvent[] = $state.raw([]);
  samples: readonly SampleEvent[] = $state.raw([]);
  last: StepEvent | undefined = $state.raw();
  checkpointStep = $state(0);
  #incoming: TrainEvent[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Forgets the former run. `past`: the events of the new one so far, up to this checkpoint. */
  reset(past: readonly TrainEvent[] = [], checkpointStep = 0): void {
    this.#incoming = [];
    this.draw();
    this.all = [];
    this.samples = [];
    this.last = undefined;
    this.#show(past);
    this.checkpointStep = checkpointStep;
  }

  /** Takes an event; it is shown at the next drawing. */
  add(event: TrainEvent): void {
    this.#incoming.push(event);
    this.#timer ??= setTimeout(() => this.draw(), drawEveryMilliseconds);
  }

  /** Shows all received events. */
  draw(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const incoming = this.#incoming;
    this.#incoming = [];
    if (incoming.length > 0) this.#show(incoming);
  }

  /** Call it when the run repeats the steps after its checkpoint. */
  rewind(): void {
    this.all = this.all.filter((event) => !('step' in event) || event.step <= this.checkpointStep);
  }

  #show(events: readonly TrainEvent[]): void {
    this.all = [...this.all, ...events];
    for (const event of events) {
      if (event.event === 'step') this.last = event;
      if (event.event === 'checkpoint') this.checkpointStep = event.step;
    }
    const samples = events.filter((event) => event.event === 'sample');
    // After a recovery the run repeats some steps; the new answers replace the old ones.
    const again = samples.map((sample) => sample.step);
    this.samples = [...this.samples.filter((sample) => !again.includes(sample.step)), ...samples];
  }
}
