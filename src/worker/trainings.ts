import { TunesmithError } from '../core/errors';
import { parseSettings, type TrainSettings } from '../core/settings/settings';
import { cardRun } from '../session/dataset';
import type { Progress } from '../session/progress';
import type { Session, TrainCall } from '../session/session';
import type { RunRecord, StoredRun } from '../storage/runs';
import { TrainControl } from '../train/control';
import type { TrainEvent } from '../train/events';
import type { Adapters } from './adapters';
import type { Examples } from './examples';
import type { Models } from './models';
import type { AdapterReport } from './protocol';
import { adapterReport } from './reports';
import type { Runs } from './runs';
import type { Turns } from './turns';

export interface TrainingParts {
  readonly session: Session;
  readonly turns: Turns;
  readonly runs: Runs;
  readonly models: Models;
  readonly examples: Examples;
  readonly adapters: Adapters;
}

/** Runs: new ones, those that go on, and those whose adapter is opened again. */
export class Trainings {
  readonly #parts: TrainingParts;
  #control: TrainControl | undefined;

  constructor(parts: TrainingParts) {
    this.#parts = parts;
  }

  async start(
    given: TrainSettings,
    onEvent: (event: TrainEvent) => void,
    startFrom: 'new' | 'adapter',
  ): Promise<RunRecord> {
    const { session, runs, models, examples } = this.#parts;
    return await this.#training(async (control) => {
      const initial = startFrom === 'adapter' ? session.tuned : undefined;
      // What is trained is what is open, so that the run can be opened again as it was.
      const settings = parseSettings({
        ...given,
        ...initial?.layout.settings,
        ...session.layout.quantization,
        lora_dropout: given.lora_dropout,
      });
      const preparing = ({ label: message }: Progress): void =>
        onEvent({ event: 'state', state: 'preparing', message });
      // Some settings change the template, the cut or the split.
      const { files: data } = await examples.read(session.dataset.files, settings, preparing);
      onEvent({ event: 'state', state: 'preparing' });
      const { steps } = await session.plan(settings);
      const startedFrom = initial && ('adapter' as const);
      const run = await runs.create({ ...models.forRun(), startedFrom, settings, steps, data }, () =>
        models.keepForRun(onEvent),
      );
      return await runs.alone(run.id, () => this.#train(run, { control, onEvent, initial }));
    });
  }

  /** Goes on from the run's last checkpoint, with the model and the examples that it had. */
  async continue(
    id: string,
    onEvent: (event: TrainEvent) => void,
    onProgress: (progress: Progress) => void,
  ): Promise<RunRecord> {
    const { runs } = this.#parts;
    return await this.#training((control) =>
      runs.alone(id, async () => {
        const run = await runs.get(id);
        const start = await runs.checkpoint(id);
        if (!start && run.startedFrom === 'adapter') throw withoutCheckpoint();
        await this.#reopen(run, onProgress);
        return await this.#train(run, { control, onEvent, start });
      }),
    );
  }

  /** Makes a run's adapter the tuned one. */
  async open(id: string, onProgress: (progress: Progress) => void): Promise<AdapterReport> {
    const { session, turns, runs, adapters } = this.#parts;
    return await turns.alone('opening a run', () =>
      runs.alone(id, async () => {
        const run = await runs.get(id);
        const checkpoint = await runs.checkpoint(id);
        if (!checkpoint) throw withoutCheckpoint();
        await this.#reopen(run, onProgress);
        const tuned = session.adapterOf(run.settings, checkpoint);
        session.setTuned({ ...tuned, run: cardRun(run.settings, session.dataset, run.history) });
        adapters.rememberRun(id);
        return adapterReport(id, tuned);
      }),
    );
  }

  pause(): void {
    this.#control?.pause();
  }

  resume(): void {
    this.#control?.resume();
  }

  stop(): void {
    this.#control?.stop();
  }

  /** Trains under a control that is there from the first moment on: a stop is heeded whenever it comes. */
  async #training(work: (control: TrainControl) => Promise<RunRecord>): Promise<RunRecord> {
    return await this.#parts.turns.alone('training', async () => {
      const control = new TrainControl();
      this.#control = control;
      try {
        return await work(control);
      } finally {
        this.#control = undefined;
      }
    });
  }

  async #reopen(run: StoredRun, onProgress: (progress: Progress) => void): Promise<void> {
    const { runs, models, examples } = this.#parts;
    await models.reopen(run, onProgress);
    await examples.read(await (await runs.store()).data(run.id), run.settings, onProgress);
  }

  async #train(
    { id, settings }: StoredRun,
    call: Pick<TrainCall, 'control' | 'onEvent' | 'start' | 'initial'>,
  ): Promise<RunRecord> {
    const { session, runs, adapters } = this.#parts;
    const record = await runs.record(id, call.start, call.onEvent, (onEvent, checkpoints) =>
      session.train({ ...call, settings, checkpoints, onEvent }),
    );
    adapters.rememberRun(id);
    return record;
  }
}

function withoutCheckpoint(): TunesmithError {
  return new TunesmithError({
    code: 'run_without_checkpoint',
    message: 'This run stopped before its first checkpoint, so there is no adapter of it.',
    hint: 'Start it again.',
  });
}
