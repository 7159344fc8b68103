import type { Message } from '../core/messages/message';
import type { TrainSettings } from '../core/settings/settings';
import type { RunRecord } from '../storage/runs';
import { isHistory, type HistoryEvent, type TrainEvent } from '../train/events';
import { findingsIn } from '../train/findings';
import { messageJson } from './json';
import { say } from './language';
import type { Output } from './output';

/** Tells the plain facts that a run's curves show, each kind once: during the run, and at its end. */
export class RunNotes {
  readonly #settings: TrainSettings;
  readonly #output: Output;
  readonly #told = new Set<string>();
  #history: HistoryEvent[] = [];

  /** @param past the history of a continued run */
  constructor(settings: TrainSettings, output: Output, past: readonly TrainEvent[] = []) {
    this.#settings = settings;
    this.#output = output;
    this.#history = past.filter(isHistory);
  }

  take(event: TrainEvent): void {
    if (isHistory(event)) this.#history.push(event);
    if (event.event === 'eval') this.#tell(false);
  }

  end({ adapterStep }: Pick<RunRecord, 'adapterStep'>): void {
    this.#tell(true, adapterStep);
  }

  #tell(ended: boolean, adapterStep?: number): void {
    const found = findingsIn(this.#history, { settings: this.#settings, ended, adapterStep });
    for (const finding of found.filter(({ code }) => !this.#told.has(code))) {
      this.#told.add(finding.code);
      tellNote(finding, this.#output);
    }
  }
}

/** Tells a person a note on a run, or a program. */
export function tellNote(told: Message, output: Output): void {
  if (output.isJson) output.json({ event: 'note', note: messageJson(told) });
  else output.note(say(told));
}
