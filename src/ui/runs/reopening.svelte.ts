import { describeError } from '../../core/errors';
import type { ListedRun, RunRecord } from '../../worker/protocol';
import type { EngineState } from '../engine.svelte';
import type { ExamplesState } from '../examples/examples.svelte';
import type { CandidateState } from '../model/candidate.svelte';
import type { ModelState } from '../model/model.svelte';
import type { Preparation } from '../prepare.svelte';
import type { ExportState } from '../export/export.svelte';
import type { RouteState } from '../shell/route.svelte';
import type { SettingsState } from '../train/settings.svelte';
import type { TrainState } from '../train/train.svelte';
import type { FormerAdapter } from './former.svelte';
import type { RunsState } from './runs.svelte';

interface Parts {
  readonly engine: EngineState;
  readonly settings: SettingsState;
  readonly model: ModelState;
  readonly candidate: CandidateState;
  readonly examples: ExamplesState;
  readonly training: TrainState;
  readonly exports: ExportState;
  readonly runs: RunsState;
  readonly former: FormerAdapter;
  readonly preparation: Preparation;
  readonly route: RouteState;
}

/**
 * Opens past runs with their models, examples and settings: to use their adapters, to continue them, and after a
 * reload.
 */
export class Reopening {
  readonly #parts: Parts;
  /** Whether a past run is being opened. */
  busy = $state(false);

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The run whose adapter was open before a reload, unless the visitor must first decide about another run. */
  get formerRun(): ListedRun | undefined {
    const { engine, runs, former } = this.#parts;
    return engine.usable && !runs.unfinished ? runs.get(former.run) : undefined;
  }

  /** Trains a run to its end, from its last checkpoint. @returns whether the training began */
  async continue(id: string): Promise<boolean> {
    const { preparation, runs, training, former, route } = this.#parts;
    this.busy = true;
    let began = false;
    former.closed = false;
    runs.opening = id;
    await preparation.settled();
    const run = await runs.read(id);
    if (run) {
      const shown = training.record;
      const onOpened = () => {
        began = true;
        this.busy = false;
        runs.opening = undefined;
        runs.takeUp(id);
        route.go('train');
        void this.#adopt(run);
      };
      await training.continueRun(run, onOpened);
      if (!began) {
        // The run did not start: shows the error beside its button, and restores the page's former state.
        const { error } = training;
        await this.#notOpened();
        if (error) runs.fail(id, error);
        if (shown) training.display(shown);
        else training.clear();
      }
    }
    runs.opening = undefined;
    this.busy = false;
    return began;
  }

  /** Makes a run's adapter the tuned one, and shows its model, its examples and its settings. */
  async open(id: string): Promise<void> {
    if (await this.#open(id, (run) => this.#adopt(run))) this.#parts.route.go('train');
  }

  /** Opens the adapter from before a reload again, unless that needs a download. */
  async openFormer(): Promise<void> {
    const { runs, former } = this.#parts;
    const run = this.formerRun;
    if (!run) return;
    if (run.base !== 'kept' || run.usedBy !== undefined) {
      former.closed = true;
      return;
    }
    former.opening = true;
    const opened = await this.#open(run.id, (record) => this.#adoptBeside(record));
    former.opening = false;
    if (opened) return;
    // Without a failure, the visitor has skipped it.
    if (runs.failures.has(run.id)) former.closed = true;
    else former.forget();
  }

  async #open(id: string, adopt: (run: RunRecord) => Promise<void>): Promise<boolean> {
    const { preparation, runs, training, former, exports } = this.#parts;
    this.busy = true;
    former.closed = false;
    try {
      await preparation.settled();
      const run = (await runs.open(id)) === 'opened' ? await runs.read(id) : undefined;
      if (!run) {
        await this.#notOpened();
        return false;
      }
      former.remember(id);
      runs.putAside(run);
      training.display(run);
      await adopt(run);
      await exports.refresh();
      return true;
    } finally {
      this.busy = false;
    }
  }

  /** Shows the model, the examples and the settings of an opened run. */
  async #adopt(run: RunRecord): Promise<void> {
    const { engine, candidate, model, examples, settings } = this.#parts;
    candidate.forget();
    await this.#take(run, async () => {
      const files = await engine.remote.runs.examples(run.id);
      await Promise.all([model.adopt(), examples.adopt(files)]);
      await settings.load(engine.remote);
      settings.setAll(run.settings);
      return true;
    });
  }

  /** After a reload, keeps the page's stored examples and settings, which may have been changed since the run. */
  async #adoptBeside(run: RunRecord): Promise<void> {
    const { engine, model, examples, settings } = this.#parts;
    await this.#take(run, async () => {
      const files = await engine.remote.runs.examples(run.id);
      await model.adopt();
      await settings.load(engine.remote);
      // The page does not store large files, but the run has them.
      if (examples.lacksFiles) await examples.adopt(files);
      if (!(await examples.shows(files))) return false;
      await examples.showRead();
      return true;
    });
  }

  /** @param take returns false if the page shows other examples than the run's */
  async #take(run: RunRecord, take: () => Promise<boolean>): Promise<void> {
    const { preparation, runs } = this.#parts;
    preparation.outdate();
    try {
      if (await take()) preparation.adopted(run.settings);
    } catch (error) {
      // The page may already show a part of the run.
      await this.#notOpened();
      runs.fail(run.id, describeError(error));
    }
  }

  /** Restores the page after a past run could not be opened; the engine may have opened its model or its examples. */
  async #notOpened(): Promise<void> {
    const { engine, preparation, model } = this.#parts;
    preparation.outdate();
    await model.compare().catch((error: unknown) => (engine.failure = describeError(error)));
  }
}
